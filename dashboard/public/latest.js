// The latest alerts, newest on top. At a high rate what is shown is a choice: a
// list that nobody can read tells nothing.

import { emptyNote, faultText, waitNote } from "./card.js";
import { nameOf } from "./names.js";
import { classOf } from "./palette.js";
import { createTicker, repeat } from "./repeat.js";
import { cut, el, formatTime, printable, unescapeRequest } from "./text.js";

const rowsKept = 40;
const addEvery = 900;
const addMost = 3;

function row(alert) {
  const request = cut(printable(unescapeRequest(alert.requestString ?? "")), 300);
  const type = String(alert.analyzerType ?? "");
  return el("li", { class: `alert ${classOf(type)}` },
    el("p", { class: "alert-head" },
      el("span", { class: "alert-places cut" },
        nameOf(alert.country, alert.countryName), el("span", { class: "to" }, " to "), nameOf(alert.targetCountry)),
      el("span", { class: "alert-type cut" }, cut(printable(type), 60))),
    el("p", { class: "alert-what" },
      el("span", { class: "code cut", title: request }, request || "–"),
      el("time", { class: "number" }, formatTime(alert.dateCreated ?? "", "clock").replace(" UTC", ""))));
}

// without returns those alerts that are not among others.
function without(alerts, others) {
  const ids = new Set(others.map(({ id }) => id));
  return alerts.filter(({ id }) => !ids.has(id));
}

// newestFirst puts alerts of the list and of the stream in one order. Times are
// whole seconds: within one the order stays.
function newestFirst(alerts) {
  const time = (alert) => String(alert.dateCreated ?? "");
  return alerts.sort((a, b) => (time(a) < time(b)) - (time(a) > time(b)));
}

// mountLatest fills the section. note tells what is left out, or that the list
// waits for a reader.
export function mountLatest(section, note, { api, state, feed }) {
  const list = el("ol", { class: "alerts", "aria-labelledby": "latest-title", tabindex: "0" });
  const message = el("div", null, waitNote());
  section.append(message, list);

  let shown = []; // newest first, as the rows
  let waiting = []; // newest last
  let skipped = 0;

  const read = () => list.matches(":hover") || list.matches(":focus-within");

  function tell() {
    if (read() && shown.length > 0) note.textContent = "Held while you read";
    else if (skipped > 0) note.textContent = "A sample, times in UTC";
    else note.textContent = "Times in UTC";
  }

  // show makes the rows be those of alerts; those that stay are left in peace.
  function show(alerts) {
    const rows = new Map(shown.map((alert, i) => [alert, list.children[i]]));
    shown = alerts.slice(0, rowsKept);
    const kept = new Set(shown);
    for (const [alert, old] of rows) if (!kept.has(alert)) old.remove();
    shown.forEach((alert, i) => {
      const item = rows.get(alert) ?? row(alert);
      if (list.children[i] !== item) list.insertBefore(item, list.children[i] ?? null);
    });
    message.replaceChildren();
  }

  function add() {
    tell();
    if (waiting.length === 0 || read()) return;
    const news = without(waiting.splice(0).reverse(), shown);
    skipped = Math.max(0, news.length - addMost);
    show([...news.slice(0, addMost), ...shown]);
  }

  const asking = repeat({
    every: 60_000,
    ask: () => api.get("/alert/retrieveAlertsJson", { topx: rowsKept }),
    done(answer) {
      const alerts = (answer?.alerts ?? []).slice(0, rowsKept);
      // There is what came while there was no stream, or nobody looked.
      if (shown.length === 0 || !read()) show(newestFirst([...shown, ...without(alerts, shown)]));
      message.replaceChildren(...(shown.length > 0 ? [] : [emptyNote()]));
    },
    failed(err) {
      if (shown.length === 0) message.replaceChildren(el("p", { class: "fault" }, faultText(err)));
    },
  });

  feed.on("alert", (alert) => {
    waiting.push(alert);
    if (waiting.length > rowsKept) waiting.shift();
  });
  state.on("ci", () => {
    waiting = [];
    skipped = 0;
    show([]);
    message.replaceChildren(waitNote());
    asking.again();
  });
  document.addEventListener("visibilitychange", () => asking.again());
  for (const type of ["pointerenter", "pointerleave", "focusin", "focusout"]) list.addEventListener(type, tell);
  tell();

  const adding = createTicker(addEvery, add);
  return {
    start() {
      asking.start();
      adding.start();
    },
    stop() {
      asking.stop();
      adding.stop();
    },
  };
}
