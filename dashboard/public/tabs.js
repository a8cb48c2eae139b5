// The tabs, by the pattern of the ARIA authoring practices: arrow keys, Home and
// End move; what is moved to is shown.

const views = ["live", "statistics", "replay", "private"];
const titles = { live: "Live", statistics: "Statistics", replay: "Replay", private: "Private" };

// mountTabs keeps the view in step with the state, or with the wall while there
// is one; shown is called with the view.
export function mountTabs({ state, wall, shown }) {
  const tab = (view) => document.getElementById(`tab-${view}`);
  const panel = (view) => document.getElementById(`panel-${view}`);

  function show() {
    const view = wall.view || state.get("view");
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
  document.getElementById("tabs").addEventListener("keydown", (event) => {
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
  wall.onPage(show);
  show();
}
