// The tab `statistics`: six cards, in three pages when on the wall.

import { createCard } from "./card.js";
import { createStack, shortDay, sparkline } from "./charts.js";
import { topCountries } from "./country.js";
import { rangeTexts } from "./names.js";
import { classOf, groupOf, groups } from "./palette.js";
import { serviceOf } from "./ports.js";
import { bars, countries, head, ranked } from "./tables.js";
import { cut, el, formatNumber, formatTime, parseTime, printable } from "./text.js";

const minute = 60_000;
const rows = 10;

const seldom = "Nothing yet. The server counts these every two hours, and every minute in its first two.";

// A single day makes no chart: at least a week is shown.
export const chartDays = (days) => Math.max(7, Number(days));

// stackDays makes createStack's days of datasetAlertTypesPerMonth, which leaves
// empty days out: n days, today (UTC) being the last. Its answers are up to an hour
// old, so today's figures come from retrieveAlertsCountWithType.
export function stackDays(answer, fresh, n, today) {
  const told = { ...answer?.[0]?.datasetAlertsPerMonth };
  told[`${formatTime(today, "date")} 00:00:00`] = fresh?.AlertCountPerType ?? {};
  return Array.from({ length: n }, (_, i) => {
    const day = formatTime(new Date(today.getTime() - (n - 1 - i) * 86_400_000), "date");
    const byType = Object.entries(told[`${day} 00:00:00`] ?? {}).map(([type, count]) => ({ type, count: Number(count) }));
    const byGroup = groups.map((group) =>
      byType.reduce((sum, { type, count }) => (groupOf(type) === group ? sum + count : sum), 0));
    return { day, byType, byGroup, total: byGroup.reduce((sum, count) => sum + count, 0) };
  });
}

function daysTable(days) {
  const types = [...new Set(days.flatMap((d) => d.byType.map(({ type }) => type)))].slice(0, 40);
  return el("details", { class: "as-table" }, el("summary", null, "As a table"),
    el("div", { class: "scroll", tabindex: "0", role: "group", "aria-label": "Alerts per day by type" }, el("table", { class: "table" },
      head("Day (UTC)", { number: "All" }, ...types.map((type) => ({ number: cut(printable(type), 60) }))),
      el("tbody", null, days.map((d) => el("tr", null,
        el("th", { scope: "row" }, shortDay(d.day)),
        el("td", { class: "number" }, formatNumber(d.total)),
        types.map((type) => el("td", { class: "number" }, formatNumber(d.byType.find((t) => t.type === type)?.count ?? 0)))))))));
}

// curve is the curve of an entry of tops, and its highest point in words.
function curve(buckets) {
  const times = Object.keys(buckets).filter((time) => time !== "total" && parseTime(time)).sort();
  const counts = times.map((time) => Number(buckets[time]));
  const peak = counts.indexOf(Math.max(...counts));
  const words = times.length > 0 ? `most, ${formatNumber(counts[peak])}, from ${formatTime(times[peak])}` : "";
  return el("td", { class: "curve", title: words }, sparkline(counts), el("span", { class: "vh" }, words));
}

function tops(label, answer, kinds, cells) {
  const entries = ranked(answer, rows, (buckets) => buckets.total);
  if (entries.length === 0) return null;
  return [el("table", { class: "table tops", "aria-label": label },
    head(...kinds, "Over time", { number: "Alerts" }),
    el("tbody", null, entries.map(([key, buckets]) => el("tr", null,
      cells(key), curve(buckets), el("td", { class: "number" }, formatNumber(buckets.total))))))];
}

function portCells(port) {
  const name = cut(printable(port), 20);
  return [el("th", { scope: "row", class: "number" }, name), el("td", { class: "service cut" }, serviceOf(port) || "–")];
}

function urlCells(url) {
  const text = cut(printable(url), 300);
  return [el("th", { scope: "row", class: "url" }, el("span", { class: "code cut", title: text }, text))];
}

function tpot(answer, note) {
  const told = answer?.communityHoneypots ?? {};
  if (!Number(told.totalNumberAlerts)) return null;
  note.textContent = "Community, today since 00:00 UTC";
  const honeypots = told.numberHoneypotsPerType ?? {};
  const entries = ranked(told.numberAlertsPerType, rows, (count) => count).map(([type, count]) => ({
    name: cut(printable(type), 60), count: Number(count), color: classOf(type),
    last: formatNumber(Object.hasOwn(honeypots, type) ? honeypots[type] : 0),
  }));
  const total = (title, n) => el("div", null, el("dt", null, title), el("dd", { class: "figure" }, formatNumber(n)));
  return [
    el("dl", { class: "figures totals" },
      total("Alerts", told.totalNumberAlerts), total("Honeypots", told.totalNumberHoneypots), total("Daemons", told.totalNumberDaemons)),
    bars({ label: "T-Pot: alerts and honeypots by type", kind: "Type", last: "Honeypots", entries }),
  ];
}

// mountStatistics returns start and stop, for when the tab is shown and left.
export function mountStatistics(section, { api, state }) {
  const days = () => state.get("days");
  const inRange = (note) => { note.textContent = `In ${rangeTexts[days()]}`; };
  const askCountries = () => topCountries(api, state);
  const top = (type) => () => api.get("/alert/tops", { type, days: days(), topx: rows });

  const cards = [
    createCard({
      title: "Alerts per day by type", name: "page-types wide", every: minute,
      ask: () => Promise.all([
        api.get("/alert/datasetAlertTypesPerMonth", { days: chartDays(days()) - 1 }),
        api.get("/alert/retrieveAlertsCountWithType", { time: "day" }),
      ]),
      draw([answer, fresh]) {
        const shown = stackDays(answer, fresh, chartDays(days()), new Date(api.now()));
        return shown.some((d) => d.total > 0) ? [...createStack(shown), daysTable(shown)] : null;
      },
    }),
    createCard({
      title: "T-Pot honeypots", name: "page-types narrow", every: minute,
      ask: () => api.get("/alert/TpotStats"), draw: tpot,
    }),
    createCard({
      title: "Attacks from", name: "page-countries", every: minute, ask: askCountries,
      draw: (answer, note) => (inRange(note), countries("Countries that attacks came from", answer?.[0]?.attacksPerCountry, rows)),
    }),
    createCard({
      title: "Attacks on", name: "page-countries", every: minute, ask: askCountries,
      draw: (answer, note) => (inRange(note), countries("Countries of the sensors", answer?.[0]?.attacksToTargetCountry, rows)),
    }),
    createCard({
      title: "Attacked ports", name: "page-tops", every: 5 * minute, ask: top("destports"),
      nothing: seldom,
      draw: (answer, note) => (inRange(note), tops("Most attacked ports", answer, ["Port", "Service"], portCells)),
    }),
    createCard({
      title: "Requested URLs", name: "page-tops", every: 5 * minute, ask: top("urls"),
      nothing: seldom,
      draw: (answer, note) => (inRange(note), tops("URLs asked for most", answer, ["URL"], urlCells)),
    }),
  ];
  section.append(...cards.map((card) => card.root));

  state.on(["ci", "days"], () => cards.forEach((card) => card.again()));
  return {
    start: () => cards.forEach((card) => card.start()),
    stop: () => cards.forEach((card) => card.stop()),
  };
}

// wallPages are the pages of the statistics on the wall.
export const wallPages = ["types", "countries", "tops"];
