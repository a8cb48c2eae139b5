// Small pieces that several private pages show.

import { sparkline } from "../lib/charts.js";
import { bars } from "../lib/tables.js";
import { cut, el, formatNumber, formatShare, printable, svg } from "../lib/text.js";

/**
 * table is a table whose rows become cards on a telephone. Browsers forget what a
 * table is when it is laid out in another way, so its roles are spelled out.
 * @param {{ className: string, caption: Element, heads: Element[], rows: Element }} table
 */
export function table({ className, caption, heads, rows }) {
  return el("table", { class: `table stack ${className}`, role: "table" }, caption,
    el("thead", { role: "rowgroup" }, el("tr", { role: "row" }, heads)), rows);
}

/** @param {...Child} rows */
export const body = (...rows) => el("tbody", { role: "rowgroup" }, rows);
/** @param {string} className @param {...Child} children */
export const head = (className, ...children) => el("th", { scope: "col", role: "columnheader", class: className }, children);
/** @param {string} className @param {...Child} cells */
export const row = (className, ...cells) => el("tr", { role: "row", class: className }, cells);
/** @param {string} label @param {string} className @param {...Child} children */
export const cell = (label, className, ...children) => el("td", { role: "cell", class: className, "data-label": label }, children);

/** scroll is around a table that may be wider than the page. @param {string} label @param {Element} content */
export const scroll = (label, content) => el("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": label }, content);

// How much of a text in a row is shown: the row's details have all of it.
const rowText = 160;

/** requestText shows the start of what an attacker sent. @param {string} request */
export function requestText(request) {
  if (request === "") return el("span", { class: "note" }, "–");
  return el("code", null, cut(printable(request), rowText));
}

/**
 * counts shows the first of some counts, entries of {name, count, color}, and a
 * button for the others. all is what shares are of, distinct how many entries there
 * are on the server.
 * @param {{ title: string, kind: string, entries: Bar[], all: number, distinct?: number, max?: number }} ranking
 */
export function counts({ title, kind, entries, all, distinct = entries.length, max = 10 }) {
  const box = el("div");
  /** @param {number} n */
  function draw(n) {
    box.replaceChildren(bars({
      label: title, kind, last: "Share",
      entries: entries.slice(0, n).map((entry) => ({ ...entry, last: formatShare(entry.count, all) })),
    }));
  }
  draw(max);
  const more = el("button", {
    type: "button", class: "button", "aria-label": `Show all ${entries.length}: ${title}`,
    on: {
      click() {
        draw(entries.length);
        const drawn = box.querySelector("table");
        drawn?.setAttribute("tabindex", "-1");
        drawn?.focus();
        more.remove();
      },
    },
  }, `Show all ${formatNumber(entries.length)}`);
  return el("div", { class: "private-counts" },
    el("h4", null, title), box,
    distinct > entries.length && el("p", { class: "note" }, `The top ${formatNumber(entries.length)} of ${formatNumber(distinct)}`),
    entries.length > max && more);
}

/** hours is a curve of hourly counts, with the counts in words too. @param {number[]} perHour */
export function hours(perHour) {
  return el("span", { class: "private-spark" }, sparkline(perHour),
    el("span", { class: "vh" }, `, in the ${perHour.length} hours to now: ${perHour.join(", ")}`));
}

/** quietIcon is a mark that stands beside a word that says the same. */
export function quietIcon() {
  return svg("svg", { class: "private-icon", viewBox: "0 0 16 16", "aria-hidden": "true", focusable: "false" },
    svg("path", { d: "M8 1.5 15 14H1z M8 6v4 M8 11.6v.8" }));
}
