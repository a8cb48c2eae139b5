// Tables with bars: the table itself has the numbers.

import { nameOf } from "./names.js";
import { el, formatShare, putNumber } from "./text.js";

/** @param {string | Node | { number: string }} title @returns {title is { number: string }} */
const hasNumber = (title) => typeof title === "object" && "number" in title;

/** head is a table's head; {number: title} heads a column of numbers. @param {...string | Node | { number: string }} titles */
export const head = (...titles) => el("thead", null, el("tr", null,
  titles.map((title) => el("th", { scope: "col", class: hasNumber(title) && "number" }, hasNumber(title) ? title.number : title))));

/**
 * bars is a table whose rows have a bar each: entries are {name, count, last, color},
 * where last is what the last column, of that title, has, and color a CSS class.
 * @param {{ label: string, kind: string, last: string, entries: Bar[] }} table
 */
export function bars({ label, kind, last, entries }) {
  const max = Math.max(1, ...entries.map(({ count }) => count));
  return el("table", { class: "table bars", "aria-label": label },
    head(kind, el("span", { class: "vh" }, "Bar"), { number: "Alerts" }, { number: last }),
    el("tbody", null, entries.map((entry) => el("tr", null,
      el("th", { scope: "row", class: "cut", title: entry.name }, entry.name),
      el("td", { class: "bar-cell", "aria-hidden": "true" },
        el("span", { class: `bar-fill ${entry.color ?? ""}`, vars: { "--part": String(entry.count / max) } })),
      putNumber(el("td"), entry.count),
      el("td", { class: "number last" }, entry.last)))));
}

/**
 * countries shows the first rows of one of topCountriesAttacks' rankings, or null.
 * @param {string} label @param {CountryCount[] | undefined} ranking @param {number} rows
 */
export function countries(label, ranking = [], rows) {
  if (ranking.length === 0) return null;
  const all = ranking.reduce((sum, { count }) => sum + Number(count), 0);
  const entries = ranking.slice(0, rows).map(({ code, country, count }) => ({
    name: nameOf(String(code), country), count: Number(count), last: formatShare(Number(count), all),
  }));
  return [bars({ label, kind: "Country", last: "Share", entries })];
}

/**
 * ranked returns the first entries of an object, most first: JSON.parse puts names
 * that are numbers, as ports are, in an order of their own.
 * @template T
 * @param {Record<string, T> | undefined} object @param {number} rows @param {(value: T) => Count} countOf
 */
export function ranked(object, rows, countOf) {
  return Object.entries(object ?? {}).sort((a, b) => Number(countOf(b[1])) - Number(countOf(a[1]))).slice(0, rows);
}
