// The figures of a country that was clicked on.

import { ageText, markAge, staleText } from "../lib/age.js";
import { faultNote, waitNote } from "../lib/card.js";
import { nameOf, rangeTexts } from "../lib/names.js";
import { el, formatShare, putNumber } from "../lib/text.js";

/** figure finds a country in a ranking. @param {CountryCount[]} ranking @param {string} code */
export function figure(ranking, code) {
  const at = ranking.findIndex((entry) => entry.code === code);
  const all = ranking.reduce((sum, entry) => sum + Number(entry.count), 0);
  if (at < 0) return { name: "", rank: 0, count: 0, all };
  return { name: String(ranking[at].country), rank: at + 1, count: Number(ranking[at].count), all };
}

/** @param {string} title @param {ReturnType<typeof figure>} figure */
function row(title, { rank, count, all }) {
  const detail = rank > 0 ? `rank ${rank}, ${formatShare(count, all)} of all` : "";
  return el("div", null, el("dt", null, title),
    el("dd", null, putNumber(el("span", { class: "figure" }), count), el("span", { class: "note" }, detail)));
}

/**
 * mountCountry shows the panel while the state names a country.
 * @param {Element} place @param {{ questions: Questions, state: State, feed: Feed, back: () => void }} page
 */
export function mountCountry(place, { questions, state, feed, back }) {
  /** @type {Map<string, number>} */
  const live = new Map(); // alerts shown since the page was opened, by country
  const title = el("h3", { id: "country-title", tabindex: "-1" });
  const note = el("p", { class: "note" });
  const stale = el("p", { class: "note stale" });
  const body = el("div");
  const liveCount = el("span", { class: "figure" });
  const close = () => {
    state.set({ country: "" });
    back();
  };
  const panel = el("section", { class: "country card", "aria-labelledby": "country-title", hidden: true },
    el("header", null, title,
      el("button", { type: "button", class: "button plain", "aria-label": "Close", on: { click: close } }, "✕")),
    note, stale, body,
    el("dl", { class: "figures" },
      el("div", null, el("dt", null, "Shown from it since this page was opened"), el("dd", null, liveCount))));
  place.append(panel);

  const asking = questions.countries.part((status) => {
    const { found, fault } = status;
    const code = state.get("country");
    note.textContent = ageText(`In ${rangeTexts[state.get("days")]}`, status);
    stale.textContent = staleText(status);
    markAge(panel, status);
    if (!found) {
      title.textContent = nameOf(code);
      body.replaceChildren(fault ? faultNote(fault, questions.countries.again) : waitNote());
      return;
    }
    const from = figure(found.answer?.[0]?.attacksPerCountry ?? [], code);
    const to = figure(found.answer?.[0]?.attacksToTargetCountry ?? [], code);
    title.textContent = nameOf(code, from.name || to.name);
    body.replaceChildren(el("dl", { class: "figures" }, row("Attacks from it", from), row("Attacks on sensors in it", to)));
  });

  const showLive = () => { putNumber(liveCount, live.get(state.get("country")) ?? 0); };

  let started = false;

  function follow() {
    const code = state.get("country");
    panel.hidden = code === "";
    asking.stop();
    if (!code || !started) return;
    showLive();
    asking.start();
  }

  feed.on("alert", ({ country }) => {
    if (!/^[A-Z]{2}$/.test(country)) return;
    live.set(country, (live.get(country) ?? 0) + 1);
    if (country === state.get("country")) showLive();
  });
  state.on("ci", () => live.clear());
  state.on(["country", "ci"], follow);
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
