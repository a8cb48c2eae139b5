// Small pieces that several private pages show.

import { sparkline } from "./charts.js";
import { bars } from "./tables.js";
import { cut, el, formatNumber, formatShare, printable, svg } from "./text.js";

// table is a table whose rows become cards on a telephone. Browsers forget what a
// table is when it is laid out in another way, so its roles are spelled out.
export function table({ className, caption, heads, rows }) {
  return el("table", { class: `table stack ${className}`, role: "table" }, caption,
    el("thead", { role: "rowgroup" }, el("tr", { role: "row" }, heads)), rows);
}

export const body = (...rows) => el("tbody", { role: "rowgroup" }, rows);
export const head = (className, ...children) => el("th", { scope: "col", role: "columnheader", class: className }, children);
export const row = (className, ...cells) => el("tr", { role: "row", class: className }, cells);
export const cell = (label, className, ...children) => el("td", { role: "cell", class: className, "data-label": label }, children);

// scroll is around a table that may be wider than the page.
export const scroll = (label, content) => el("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": label }, content);

// How much of a request is shown before somebody asks for all of it.
const requestStart = 160;

// requestText shows what an attacker sent.
export function requestText(request) {
  if (request === "") return el("span", { class: "note" }, "–");
  const text = printable(request);
  if (text.length <= requestStart) return el("code", null, text);
  return el("details", null, el("summary", null, el("code", null, cut(text, requestStart))), el("code", null, text));
}

// counts shows the first of some counts, and how many more there are.
export function counts({ title, kind, tallied, nameOf, colorOf, most = 10 }) {
  const all = tallied.reduce((sum, [, count]) => sum + count, 0);
  const left = tallied.length - most;
  return el("div", { class: "private-counts" },
    el("h4", null, title),
    bars({
      label: title, kind, last: "Share",
      entries: tallied.slice(0, most).map(([name, count]) => ({
        name: nameOf(name), count, last: formatShare(count, all), color: colorOf?.(name),
      })),
    }),
    left > 0 && el("p", { class: "note" }, `${formatNumber(left)} more`));
}

// hours is a curve of hourly counts, which it tells in words too.
export function hours(perHour) {
  return el("span", { class: "private-spark" }, sparkline(perHour),
    el("span", { class: "vh" }, `, in the ${perHour.length} hours to now: ${perHour.join(", ")}`));
}

// quietIcon is a mark that stands beside a word that says the same.
export function quietIcon() {
  return svg("svg", { class: "private-icon", viewBox: "0 0 16 16", "aria-hidden": "true", focusable: "false" },
    svg("path", { d: "M8 1.5 15 14H1z M8 6v4 M8 11.6v.8" }));
}
