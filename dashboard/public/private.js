// The tab for users: a log-in, and then three pages.

import { createAddressPage } from "./private-address.js";
import { createAlertsPage } from "./private-alerts.js";
import { createLogIn } from "./private-login.js";
import { createSensorsPage } from "./private-sensors.js";
import { el } from "./text.js";

const titles = { alerts: "Alerts", address: "Address", sensors: "Sensors" };

// mountPrivate returns start and stop, for when the tab is shown and left.
export function mountPrivate(section, { api, state }) {
  const pages = {
    alerts: createAlertsPage({ api, openAddress }),
    address: createAddressPage({ api, state }),
    sensors: createSensorsPage({ api }),
  };
  const names = Object.keys(pages);
  const logIn = createLogIn({ api });
  const buttons = names.map((name) => el("button", { type: "button", on: { click: () => state.set({ page: name }) } }, titles[name]));
  const who = el("span", { class: "note" });
  const inside = el("div", { class: "private-inside" },
    el("div", { class: "private-bar" },
      el("div", { class: "segmented", role: "group", "aria-label": "Private pages" }, buttons),
      el("div", { class: "private-who" }, who,
        el("button", { type: "button", class: "button", on: { click: () => leave() } }, "Log out"))),
    names.map((name) => pages[name].root));
  section.classList.add("private");
  section.append(el("h2", { class: "vh" }, "Private"), logIn.root, inside);

  let started = false;
  let leaving = false;

  function leave() {
    leaving = true;
    api.logOut();
    leaving = false;
  }

  function openAddress(ip) {
    state.set({ page: "address", ip });
    pages.address.focus();
  }

  function show() {
    const looking = api.session !== null && started;
    logIn.root.hidden = api.session !== null;
    inside.hidden = api.session === null;
    who.textContent = api.session ? `Logged in as ${api.session.user}` : "";
    names.forEach((name, i) => {
      const chosen = name === state.get("page");
      buttons[i].setAttribute("aria-pressed", String(chosen));
      pages[name].root.hidden = !chosen;
      pages[name].show(looking && chosen);
    });
  }

  // renew leaves nothing of what was shown.
  const renew = () => names.forEach((name) => pages[name].renew());

  api.onSession((session) => {
    renew();
    show();
    if (session) {
      pages[state.get("page")].focus();
      return;
    }
    // The address that somebody looked up is no one else's business.
    state.set({ ip: "" });
    logIn.tell(leaving ? "" : "The server does not take this log-in any more.");
    logIn.focus();
  });
  state.on("page", show);
  state.on("ci", renew);

  function set(to) {
    started = to;
    show();
  }
  set(false);
  return { start: () => set(true), stop: () => set(false) };
}
