// The tabs, by the pattern of the ARIA authoring practices: arrow keys, Home and
// End move the focus and show the tab.

import { byId } from "./lib/text.js";

/** @type {View[]} */
const views = ["live", "statistics", "replay", "private"];
const titles = { live: "Live", statistics: "Statistics", replay: "Replay", private: "Private" };

/**
 * mountTabs keeps the view in step with the state, or with the kiosk while it
 * is on; shown is called with the view.
 * @param {{ state: State, kiosk: Kiosk, shown: (view: View) => void }} page
 */
export function mountTabs({ state, kiosk, shown }) {
  /** @param {View} view */
  const tab = (view) => byId(`tab-${view}`);
  /** @param {View} view */
  const panel = (view) => byId(`panel-${view}`);

  function show() {
    const view = kiosk.view || state.get("view");
    for (const name of views) {
      tab(name).setAttribute("aria-selected", String(name === view));
      tab(name).tabIndex = name === view ? 0 : -1;
      panel(name).hidden = name !== view;
    }
    document.body.dataset.view = view;
    document.title = `PEBA: ${titles[view]}`;
    shown(view);
  }

  for (const view of views) tab(view).addEventListener("click", () => state.set({ view }));
  byId("tabs").addEventListener("keydown", (event) => {
    const at = views.indexOf(state.get("view"));
    const to = {
      ArrowRight: (at + 1) % views.length,
      ArrowLeft: (at + views.length - 1) % views.length,
      Home: 0,
      End: views.length - 1,
    }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    state.set({ view: views[to] });
    tab(views[to]).focus();
  });

  state.on("view", show);
  kiosk.onPage(show);
  show();
}
