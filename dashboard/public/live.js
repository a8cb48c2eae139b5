// The tab `live`: the map, and what stands around it.

import { createCard } from "./card.js";
import { mountCountry, topCountries } from "./country.js";
import { mountCounters } from "./counters.js";
import { mountLatest } from "./latest.js";
import { rangeTexts } from "./names.js";
import { classOf, groups } from "./palette.js";
import { repeat } from "./repeat.js";
import { bars, countries, ranked } from "./tables.js";
import { cut, el, formatShare, printable } from "./text.js";

const heatPlaces = 600;

function fillLegend(list) {
  list.append(
    ...groups.map(({ color, name }) => el("li", null, el("span", { class: `dot ${color.slice(2)}` }), name)),
    el("li", null, el("span", { class: "dot heat" }), "Sources, 24 hours"));
}

const stripRows = 5;

// createStrip makes the cards below the map: where from, where to, and what.
function createStrip({ api, state, map }) {
  const minute = 60_000;
  const rangeNote = (note) => { note.textContent = rangeTexts[state.get("days")].replace("the l", "L"); };
  const nothing = "Nothing yet";
  const ask = () => topCountries(api, state);
  return [
    createCard({
      title: "Attacks from", name: "small", every: minute, ask, nothing,
      draw(answer, note) {
        const ranking = answer?.[0]?.attacksPerCountry ?? [];
        rangeNote(note);
        map.setCounts(ranking, `in ${rangeTexts[state.get("days")]}`);
        return countries("Countries that most attacks came from", ranking, stripRows);
      },
    }),
    createCard({
      title: "Attacks on", name: "small", every: minute, ask, nothing,
      draw: (answer, note) => (rangeNote(note), countries("Countries of the sensors", answer?.[0]?.attacksToTargetCountry, stripRows)),
    }),
    createCard({
      title: "Honeypot types", name: "small", every: minute / 2, nothing,
      ask: () => api.get("/alert/retrieveAlertsCountWithType", { time: 60 }),
      draw(answer, note) {
        const entries = ranked(answer?.AlertCountPerType, stripRows, (count) => count).map(([type, count]) => ({
          name: cut(printable(type), 60), count: Number(count), color: classOf(type),
          last: formatShare(Number(count), Number(answer.AlertCountTotal)),
        }));
        note.textContent = "Last hour";
        return entries.length > 0 ? [bars({ label: "Honeypot types, last hour", kind: "Type", last: "Share", entries })] : null;
      },
    }),
  ];
}

// mountLive returns start and stop, for when the tab is shown and left.
export function mountLive({ api, state, feed, WorldMap }) {
  const by = (id) => document.getElementById(id);
  const map = new WorldMap(by("map"), {
    onCountry(code) {
      state.set({ country: code });
      if (code) country.focus();
    },
  });
  const country = mountCountry(by("country"), { api, state, feed, back: () => by("map").focus() });
  const counters = mountCounters(by("counters"), by("spoken"), { api, state, feed });
  const latest = mountLatest(by("latest"), by("latest-note"), { api, state, feed });
  fillLegend(by("legend"));
  const strip = createStrip({ api, state, map });
  by("strip").append(...strip.map((card) => card.root));

  const heat = repeat({
    every: 60_000,
    ask: () => api.get("/alert/retrieveLatLonAttacks", { topx: heatPlaces }),
    done: (answer) => map.setHeat(answer?.[0]?.latLonAttacks),
    failed: () => undefined, // the counters tell of it; the heat stays as it was
  });
  const parts = [counters, country, latest, heat, ...strip];
  let started = false;

  feed.on("alert", (alert) => { if (started) map.add(alert); });
  state.on(["ci", "days"], () => strip.forEach((card) => card.again()));
  state.on("country", () => map.select(state.get("country")));
  state.on("ci", () => {
    map.clear();
    map.setHeat([]);
    heat.again();
  });
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
