// The wall: no controls, large letters, and the live map in turn with the pages
// of the statistics. Escape ends it, Space holds it, arrow keys turn it.

import { createTicker } from "./repeat.js";
import { formatTime } from "./text.js";

// Seconds that a page is shown.
const liveFor = 40;
const pageFor = 20;

// createWall follows the state's `wall`. Its pages are "live" and those given.
export function createWall({ api, state, pages }) {
  const all = ["live", ...pages];
  const by = (id) => document.getElementById(id);
  const listeners = new Set();
  let at = 0;
  let held = false;
  let left = 0; // seconds until the next page

  const on = () => state.get("wall") === "1";

  function show() {
    const root = document.documentElement;
    if (on()) root.dataset.wall = all[at];
    else delete root.dataset.wall;
    left = at === 0 ? liveFor : pageFor;
    for (const fn of listeners) fn();
  }

  function turn(steps) {
    at = (at + steps + all.length) % all.length;
    show();
  }

  function tellTime() {
    const text = formatTime(new Date(api.now()));
    by("wall-clock").textContent = held ? `${text}, held` : text;
  }

  const ticker = createTicker(1000, () => {
    tellTime();
    if (!held && --left <= 0) turn(1);
  });

  function follow() {
    at = 0;
    held = false;
    by("wall-bar").hidden = !on();
    if (on()) {
      ticker.start();
    } else {
      ticker.stop();
      if (document.fullscreenElement) document.exitFullscreen();
    }
    tellTime();
    show();
  }

  function leave() {
    if (on()) state.set({ wall: "" });
  }

  // The wall comes before what has the focus, such as the map; buttons keep Space.
  document.addEventListener("keydown", (event) => {
    if (!on() || event.altKey || event.ctrlKey || event.metaKey) return;
    if (event.key === "Escape") leave();
    else if (event.key === "ArrowRight") turn(1);
    else if (event.key === "ArrowLeft") turn(-1);
    else if (event.key === " " && !event.target.closest("button")) {
      held = !held;
      tellTime();
    } else return;
    event.preventDefault();
    event.stopPropagation();
  }, true);
  // The browser itself takes the Escape that ends full screen.
  document.addEventListener("fullscreenchange", () => {
    if (!document.fullscreenElement) leave();
  });
  by("wall-leave").addEventListener("click", leave);
  state.on("wall", follow);
  follow();

  return {
    // view is the tab that the wall shows, "" when there is no wall.
    get view() {
      if (!on()) return "";
      return at === 0 ? "live" : "statistics";
    },
    onPage: (fn) => listeners.add(fn),
    async enter() {
      state.set({ wall: "1", country: "" });
      // Where full screen is not allowed (an iframe, a phone), the wall fills the window.
      await document.documentElement.requestFullscreen?.().catch(() => undefined);
    },
  };
}
