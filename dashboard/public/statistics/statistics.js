// The tab `statistics`: six cards, in three pages in kiosk mode.

import { createCard } from "../lib/card.js";
import { createStack, shortDay, sparkline } from "../lib/charts.js";
import { rangeTexts } from "../lib/names.js";
import { classOf, groupOf, groups } from "../lib/palette.js";
import { serviceOf } from "../lib/ports.js";
import { chartDays, topRows } from "../lib/questions.js";
import { bars, countries, head, ranked } from "../lib/tables.js";
import { cut, el, formatNumber, formatTime, parseTime, printable, putNumber } from "../lib/text.js";

const noTops = "Nothing yet. The server computes these every two hours, and every minute in its first two.";

/**
 * stackDays makes createStack's days of the types' counts by day, which leave empty
 * days out: n days, of which the last (UTC) is that of asOf.
 * @param {TypesByDay} byDay @param {number} n @param {number} asOf
 * @returns {StackDay[]}
 */
export function stackDays(byDay, n, asOf) {
  return Array.from({ length: n }, (_, i) => {
    const day = formatTime(new Date(asOf - (n - 1 - i) * 86_400_000), "date");
    const byType = Object.entries(byDay[`${day} 00:00:00`] ?? {}).map(([type, count]) => ({ type, count: Number(count) }));
    const byGroup = groups.map((group) =>
      byType.reduce((sum, { type, count }) => (groupOf(type) === group ? sum + count : sum), 0));
    return { day, byType, byGroup, total: byGroup.reduce((sum, count) => sum + count, 0) };
  });
}

/** @param {StackDay[]} days */
function daysTable(days) {
  const types = [...new Set(days.flatMap((d) => d.byType.map(({ type }) => type)))].slice(0, 40);
  return el("details", { class: "as-table" }, el("summary", null, "As a table"),
    el("div", { class: "scroll", tabindex: "0", role: "group", "aria-label": "Alerts per day by type" }, el("table", { class: "table" },
      head("Day (UTC)", { number: "All" }, ...types.map((type) => ({ number: cut(printable(type), 60) }))),
      el("tbody", null, days.map((d) => el("tr", null,
        el("th", { scope: "row" }, shortDay(d.day)),
        putNumber(el("td"), d.total),
        types.map((type) => putNumber(el("td"), d.byType.find((t) => t.type === type)?.count ?? 0))))))));
}

/** curve is the curve of an entry of tops, and its highest point in words. @param {Buckets} buckets */
function curve(buckets) {
  const times = Object.keys(buckets).filter((time) => time !== "total" && parseTime(time)).sort();
  const counts = times.map((time) => Number(buckets[time]));
  const peak = counts.indexOf(Math.max(...counts));
  const words = times.length > 0 ? `most, ${formatNumber(counts[peak])}, from ${formatTime(times[peak])}` : "";
  return el("td", { class: "curve", title: words }, sparkline(counts), el("span", { class: "vh" }, words));
}

/** @param {string} label @param {Tops} answer @param {string[]} kinds @param {(key: string) => HTMLElement[]} cells */
function tops(label, answer, kinds, cells) {
  const entries = ranked(answer, topRows, (buckets) => buckets.total);
  if (entries.length === 0) return null;
  return [el("table", { class: "table tops", "aria-label": label },
    head(...kinds, "Over time", { number: "Alerts" }),
    el("tbody", null, entries.map(([key, buckets]) => el("tr", null,
      cells(key), curve(buckets), putNumber(el("td"), buckets.total)))))];
}

/** @param {string} port */
function portCells(port) {
  const name = cut(printable(port), 20);
  return [el("th", { scope: "row", class: "number" }, name), el("td", { class: "service cut" }, serviceOf(port) || "–")];
}

/** @param {string} url */
function urlCells(url) {
  const text = cut(printable(url), 300);
  return [el("th", { scope: "row", class: "url" }, el("span", { class: "code cut", title: text }, text))];
}

/** @param {TpotStats} answer */
function tpot(answer) {
  const community = answer?.communityHoneypots ?? {};
  if (!Number(community.totalNumberAlerts)) return null;
  const honeypots = community.numberHoneypotsPerType ?? {};
  const entries = ranked(community.numberAlertsPerType, topRows, (count) => count).map(([type, count]) => ({
    name: cut(printable(type), 60), count: Number(count), color: classOf(type),
    last: formatNumber(Object.hasOwn(honeypots, type) ? honeypots[type] : 0),
  }));
  /** @param {string} title @param {Count | undefined} n */
  const total = (title, n) => el("div", null, el("dt", null, title), putNumber(el("dd", { class: "figure" }), n));
  return [
    el("dl", { class: "figures totals" },
      total("Alerts", community.totalNumberAlerts), total("Honeypots", community.totalNumberHoneypots), total("Daemons", community.totalNumberDaemons)),
    bars({ label: "T-Pot: alerts and honeypots by type", kind: "Type", last: "Honeypots", entries }),
  ];
}

/**
 * mountStatistics returns start and stop, for when the tab is shown and left.
 * @param {Element} section @param {{ questions: Questions, state: State }} page
 * @returns {Part}
 */
export function mountStatistics(section, { questions, state }) {
  const days = () => state.get("days");
  const inRange = () => `In ${rangeTexts[days()]}`;
  // More than a day is counted by the days of the calendar.
  const inDays = () => (days() === "1" ? inRange() : `The last ${days()} days, including today, UTC`);
  const chartWindow = () => `By arrival, days in UTC · last ${chartDays(days())} days${chartDays(days()) === 7 ? ", never fewer" : ""}`;

  const cards = [
    createCard({
      title: "Alerts per day by type", name: "page-types wide", question: questions.perDay, window: chartWindow,
      draw(byDay, asOf) {
        const shown = stackDays(byDay, chartDays(days()), asOf);
        return shown.some((d) => d.total > 0) ? [...createStack(shown), daysTable(shown)] : null;
      },
    }),
    createCard({
      title: "T-Pot honeypots", name: "page-types narrow", question: questions.tpot, draw: tpot,
      window: () => "Community only, always today since 00:00 UTC",
    }),
    createCard({
      title: "Attacks from", name: "page-countries", question: questions.countries, window: inRange,
      draw: (answer) => countries("Countries of the attackers", answer?.[0]?.attacksPerCountry, topRows),
    }),
    createCard({
      title: "Attacks on", name: "page-countries", question: questions.countries, window: inRange,
      draw: (answer) => countries("Countries of the sensors", answer?.[0]?.attacksToTargetCountry, topRows),
    }),
    createCard({
      title: "Attacked ports", name: "page-tops", question: questions.ports, window: inDays, nothing: noTops,
      draw: (answer) => tops("Most attacked ports", answer, ["Port", "Service"], portCells),
    }),
    createCard({
      title: "Requested URLs", name: "page-tops", question: questions.urls, window: inDays, nothing: noTops,
      draw: (answer) => tops("Most requested URLs", answer, ["URL"], urlCells),
    }),
  ];
  section.append(...cards.map((card) => card.root));

  return {
    start: () => cards.forEach((card) => card.start()),
    stop: () => cards.forEach((card) => card.stop()),
  };
}

// kioskPages are the pages of the statistics in kiosk mode.
export const kioskPages = ["types", "countries", "tops"];
