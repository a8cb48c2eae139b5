// The figures of a country that was clicked on.

import { faultText, waitNote } from "./card.js";
import { nameOf, rangeTexts } from "./names.js";
import { repeat } from "./repeat.js";
import { el, formatNumber, formatShare } from "./text.js";

// topCountries asks for the rankings of all countries in the state's range; there
// are fewer than 400.
export const topCountries = (api, state) => api.get("/alert/topCountriesAttacks", { days: state.get("days"), topx: 400 });

// figure finds a country in a ranking.
export function figure(ranking, code) {
  const at = ranking.findIndex((entry) => entry.code === code);
  const all = ranking.reduce((sum, entry) => sum + Number(entry.count), 0);
  if (at < 0) return { name: "", rank: 0, count: 0, all };
  return { name: String(ranking[at].country), rank: at + 1, count: Number(ranking[at].count), all };
}

function row(title, { rank, count, all }) {
  const detail = rank > 0 ? `rank ${rank}, ${formatShare(count, all)} of all` : "";
  return el("div", null, el("dt", null, title),
    el("dd", null, el("span", { class: "figure" }, formatNumber(count)), el("span", { class: "note" }, detail)));
}

// mountCountry shows the panel while the state names a country.
export function mountCountry(place, { api, state, feed, back }) {
  const live = new Map(); // alerts shown since the page was opened, by country
  const title = el("h3", { id: "country-title", tabindex: "-1" });
  const body = el("div");
  const liveCount = el("span", { class: "figure" });
  const close = () => {
    state.set({ country: "" });
    back();
  };
  const panel = el("section", { class: "country card", "aria-labelledby": "country-title", hidden: true },
    el("header", null, title,
      el("button", { type: "button", class: "button plain", "aria-label": "Close", on: { click: close } }, "✕")),
    body,
    el("dl", { class: "figures" },
      el("div", null, el("dt", null, "Shown from it since this page was opened"), el("dd", null, liveCount))));
  place.append(panel);

  const asking = repeat({
    every: 60_000,
    ask: () => topCountries(api, state),
    done(answer) {
      const code = state.get("country");
      const from = figure(answer?.[0]?.attacksPerCountry ?? [], code);
      const to = figure(answer?.[0]?.attacksToTargetCountry ?? [], code);
      title.textContent = nameOf(code, from.name || to.name);
      body.replaceChildren(
        el("p", { class: "note" }, `In ${rangeTexts[state.get("days")]}`),
        el("dl", { class: "figures" }, row("Attacks from it", from), row("Attacks on sensors in it", to)));
    },
    failed: (err) => body.replaceChildren(el("p", { class: "fault" }, faultText(err))),
  });

  const showLive = () => { liveCount.textContent = formatNumber(live.get(state.get("country")) ?? 0); };

  let started = false;

  function follow() {
    const code = state.get("country");
    panel.hidden = code === "";
    asking.stop();
    if (!code || !started) return;
    title.textContent = nameOf(code);
    body.replaceChildren(waitNote());
    showLive();
    asking.start();
    asking.again();
  }

  feed.on("alert", ({ country }) => {
    if (!/^[A-Z]{2}$/.test(country)) return;
    live.set(country, (live.get(country) ?? 0) + 1);
    if (country === state.get("country")) showLive();
  });
  state.on("ci", () => live.clear());
  state.on(["country", "days", "ci"], follow);
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && !event.defaultPrevented && started && state.get("country")) close();
  });

  return {
    start() {
      if (started) return;
      started = true;
      follow();
    },
    stop() {
      started = false;
      asking.stop();
    },
    // focus goes to the panel when somebody has asked for it.
    focus: () => title.focus(),
  };
}
