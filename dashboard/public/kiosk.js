// Kiosk mode: no controls, large letters, and the live map in turn with the
// statistics pages. Escape ends it, Space pauses it, arrow keys switch pages.

import { createTicker } from "./lib/repeat.js";
import { byId, formatTime } from "./lib/text.js";

// Seconds per page.
const liveFor = 40;
const pageFor = 20;

/**
 * createKiosk follows the state's `wall`, as links call it. Its pages are "live" and those given.
 * @param {{ api: Api, state: State, pages: string[] }} page
 */
export function createKiosk({ api, state, pages }) {
  const all = ["live", ...pages];
  /** @type {Set<() => void>} */
  const listeners = new Set();
  let at = 0;
  let held = false;
  let left = 0; // seconds until the next page

  const on = () => state.get("wall") === "1";

  function show() {
    const root = document.documentElement;
    if (on()) root.dataset.kiosk = all[at];
    else delete root.dataset.kiosk;
    left = at === 0 ? liveFor : pageFor;
    for (const fn of listeners) fn();
  }

  /** @param {number} steps */
  function turn(steps) {
    at = (at + steps + all.length) % all.length;
    show();
  }

  function showTime() {
    const text = formatTime(new Date(api.now()));
    byId("kiosk-clock").textContent = held ? `${text}, held` : text;
  }

  const ticker = createTicker(1000, () => {
    showTime();
    if (!held && --left <= 0) turn(1);
  });

  function follow() {
    at = 0;
    held = false;
    byId("kiosk-bar").hidden = !on();
    if (on()) {
      ticker.start();
    } else {
      ticker.stop();
      if (document.fullscreenElement) document.exitFullscreen();
    }
    showTime();
    show();
  }

  function leave() {
    if (on()) state.set({ wall: "" });
  }

  // Its keys come before those of what has the focus, such as the map; buttons keep Space.
  document.addEventListener("keydown", (event) => {
    if (!on() || event.altKey || event.ctrlKey || event.metaKey) return;
    if (event.key === "Escape") leave();
    else if (event.key === "ArrowRight") turn(1);
    else if (event.key === "ArrowLeft") turn(-1);
    else if (event.key === " " && !(event.target instanceof Element && event.target.closest("button"))) {
      held = !held;
      showTime();
    } else return;
    event.preventDefault();
    event.stopPropagation();
  }, true);
  // The browser itself takes the Escape that ends full screen.
  document.addEventListener("fullscreenchange", () => {
    if (!document.fullscreenElement) leave();
  });
  byId("kiosk-leave").addEventListener("click", leave);
  state.on("wall", follow);
  follow();

  return {
    /** view is the tab that it shows, "" when it is off. @returns {View | ""} */
    get view() {
      if (!on()) return "";
      return at === 0 ? "live" : "statistics";
    },
    /** @param {() => void} fn */
    onPage: (fn) => listeners.add(fn),
    async enter() {
      state.set({ wall: "1", country: "" });
      // Where full screen is not allowed (an iframe, a phone), it fills the window.
      await document.documentElement.requestFullscreen?.().catch(() => undefined);
    },
  };
}
