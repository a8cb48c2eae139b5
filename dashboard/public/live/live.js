// The tab `live`: the map, and what stands around it.

import { ageText, asOfText, faultText, markAge } from "../lib/age.js";
import { createCard } from "../lib/card.js";
import { mountCountry } from "./country.js";
import { mountCounters } from "./counters.js";
import { mountLatest } from "./latest.js";
import { rangeTexts } from "../lib/names.js";
import { classOf, groups } from "../lib/palette.js";
import { mountSampled } from "./sampled.js";
import { bars, countries, ranked } from "../lib/tables.js";
import { byId, cut, el, formatShare, printable } from "../lib/text.js";

/** heatText is what the legend says of the glow. @param {Status<unknown>} status */
function heatText(status) {
  const text = ageText("Sources, always the last 24 hours", status);
  if (!status.fault) return text;
  return status.found ? `${text}, out of date` : `${text}: ${faultText(status.fault.err)}`;
}

/**
 * mountLegend fills the list, and returns a function that shows the heat's status.
 * @param {Element} list
 * @returns {(status: Status<unknown>) => void}
 */
function mountLegend(list) {
  const text = el("span");
  const heat = el("li", null, el("span", { class: "dot heat" }), text);
  list.append(...groups.map(({ color, name }) => el("li", null, el("span", { class: `dot ${color.slice(2)}` }), name)), heat);
  return (status) => {
    text.textContent = heatText(status);
    markAge(heat, status);
  };
}

const stripRows = 5;

/** createStrip makes the cards below the map: where from, where to, and what. @param {{ questions: Questions, state: State }} page */
function createStrip({ questions, state }) {
  const inRange = () => `In ${rangeTexts[state.get("days")]}`;
  const nothing = "Nothing yet";
  return [
    createCard({
      title: "Attacks from", name: "small", question: questions.countries, window: inRange, nothing,
      draw: (answer) => countries("Countries with the most attacks", answer?.[0]?.attacksPerCountry, stripRows),
    }),
    createCard({
      title: "Attacks on", name: "small", question: questions.countries, window: inRange, nothing,
      draw: (answer) => countries("Countries of the sensors", answer?.[0]?.attacksToTargetCountry, stripRows),
    }),
    createCard({
      title: "Honeypot types", name: "small", question: questions.lastHour, nothing,
      window: () => "Always the last hour",
      draw(answer) {
        const entries = ranked(answer?.AlertCountPerType, stripRows, (count) => count).map(([type, count]) => ({
          name: cut(printable(type), 60), count: Number(count), color: classOf(type),
          last: formatShare(Number(count), Number(answer.AlertCountTotal)),
        }));
        return entries.length > 0 ? [bars({ label: "Honeypot types, last hour", kind: "Type", last: "Share", entries })] : null;
      },
    }),
  ];
}

/**
 * mountLive returns start and stop, for when the tab is shown and left.
 * @param {{ api: Api, questions: Questions, state: State, feed: Feed, createWorldMap: CreateWorldMap }} page
 * @returns {Part}
 */
export function mountLive({ api, questions, state, feed, createWorldMap }) {
  const map = createWorldMap(byId("map"), {
    onCountry(code) {
      state.set({ country: code });
      if (code) country.focus();
    },
  });
  const country = mountCountry(byId("country"), { questions, state, feed, back: () => byId("map").focus() });
  const counters = mountCounters({
    list: byId("counters"), asOf: byId("as-of"), fault: byId("counters-fault"), spoken: byId("spoken"),
  }, { api, state, feed });
  mountSampled(byId("sampled"), { feed });
  const latest = mountLatest(byId("latest"), byId("latest-note"), { questions, state, feed });
  const showHeat = mountLegend(byId("legend"));
  const strip = createStrip({ questions, state });
  byId("strip").append(...strip.map((card) => card.root));

  const heat = questions.heat.part((status) => {
    map.setHeat(status.found?.answer?.[0]?.latLonAttacks);
    showHeat(status);
  });
  const counts = questions.countries.part(({ found, now }) => {
    const when = found ? `in ${rangeTexts[state.get("days")]}, ${asOfText(found.asOf, now)}` : "";
    map.setCounts(found?.answer?.[0]?.attacksPerCountry ?? [], when);
  });
  const parts = [counters, country, latest, heat, counts, ...strip];
  let started = false;

  feed.on("alert", (alert) => { if (started) map.add(alert); });
  state.on("country", () => map.select(state.get("country")));
  state.on("ci", () => map.clear());
  map.select(state.get("country"));

  return {
    start() {
      started = true;
      for (const part of parts) part.start();
    },
    stop() {
      started = false;
      map.clear();
      for (const part of parts) part.stop();
    },
  };
}
