// The tab for users: a login, then four pages.

import { createAddressPage } from "./address.js";
import { createAlertsPage } from "./alerts.js";
import { createLazyPage } from "./lazy.js";
import { createLogIn } from "./login.js";
import { createSensorsPage } from "./sensors.js";
import { el } from "../lib/text.js";

/** @type {Record<PageName, string>} */
const titles = { alerts: "Alerts", address: "Address", sensors: "Sensors", feeds: "Feeds" };

/**
 * mountPrivate returns start and stop, for when the tab is shown and left.
 * @param {Element} section @param {{ api: Api, state: State }} page
 * @returns {Part}
 */
export function mountPrivate(section, { api, state }) {
  /** @type {Record<PageName, PrivatePage>} */
  const pages = {
    alerts: createAlertsPage({ api, openAddress }),
    address: createAddressPage({ api, state }),
    sensors: createSensorsPage({ api }),
    feeds: createLazyPage(async () => (await import("./feeds.js")).createFeedsPage({ api, state, openAddress })),
  };
  /** @type {PageName[]} */
  const names = ["alerts", "address", "sensors", "feeds"];
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

  /** @param {string} ip */
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

  // renew removes everything shown.
  const renew = () => names.forEach((name) => pages[name].renew());

  api.onSession((session) => {
    renew();
    show();
    if (session) {
      pages[state.get("page")].focus();
      return;
    }
    // The next person must not see the address that was looked up.
    state.set({ ip: "" });
    logIn.showFault(leaving ? "" : "The server no longer accepts this login.");
    logIn.focus();
  });
  state.on("page", show);
  state.on("ci", renew);

  /** @param {boolean} to */
  function set(to) {
    started = to;
    show();
  }
  set(false);
  return { start: () => set(true), stop: () => set(false) };
}
