// The toolbar's controls, and the state of the stream.

import { copyText } from "./lib/copy.js";
import { byId } from "./lib/text.js";

/** @type {Record<FeedStatus, string>} */
const statusTexts = {
  connecting: "Connecting",
  live: "Live",
  down: "Database unavailable",
  waiting: "Connection lost, trying again",
  full: "Server is busy, trying again",
  users: "Private alerts are not shown live here",
};

/** bind keeps a select and a value of the state the same. @param {State} state @param {"ci" | "days"} name */
function bind(state, name) {
  const select = /** @type {HTMLSelectElement} */ (byId(name));
  const show = () => { select.value = state.get(name); };
  select.addEventListener("change", () => state.set({ [name]: select.value }));
  state.on(name, show);
  show();
}

/** mountToolbar makes the switches and buttons of the bar work. @param {{ state: State, feed: Feed, kiosk: Kiosk }} page */
export function mountToolbar({ state, feed, kiosk }) {
  bind(state, "ci");
  bind(state, "days");

  const copy = byId("copy");
  copy.addEventListener("click", () => copyText(copy, state.link(), "Copy it from the address bar"));
  byId("kiosk").addEventListener("click", () => kiosk.enter());

  const options = byId("options");
  options.addEventListener("click", () => {
    const open = byId("bar").toggleAttribute("data-options");
    options.setAttribute("aria-expanded", String(open));
  });

  // A fragment is our state: a link to #main would be a change of it.
  byId("skip").addEventListener("click", (event) => {
    event.preventDefault();
    byId("main").focus();
  });

  const shown = byId("stream-state");
  /** @param {FeedStatus} status */
  const show = (status) => {
    shown.dataset.status = status;
    shown.textContent = statusTexts[status];
  };
  feed.on("status", show);
  show(feed.status);
}
