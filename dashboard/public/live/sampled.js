// The map shows a part of a busy stream, and then says so.

import { formatRate } from "../lib/text.js";

/** sampledText says which part of the alerts is shown, "" when all are. @param {Rate} rate */
export function sampledText({ perSecond, shown }) {
  const [all, some] = [perSecond, shown].map(formatRate);
  return shown < perSecond && some !== all ? `${some} of ${all} per second shown` : "";
}

/** mountSampled keeps the note right. @param {HTMLElement} note @param {{ feed: Feed }} page */
export function mountSampled(note, { feed }) {
  let rate = { perSecond: 0, shown: 0 };
  function show() {
    note.textContent = feed.status === "live" ? sampledText(rate) : "";
    note.hidden = note.textContent === "";
  }
  feed.on("rate", (next) => {
    rate = next;
    show();
  });
  feed.on("status", show);
}
