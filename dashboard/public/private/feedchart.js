// The size of a feed by hour, and who joined and left.

import { niceStep, shortDay } from "../lib/charts.js";
import { hoursOf } from "./feedmodel.js";
import { head } from "../lib/tables.js";
import { el, formatShort, formatTime, putNumber, svg } from "../lib/text.js";

const hour = 3_600_000;

/** hourText names an hour. @param {number} at */
function hourText(at) {
  const from = formatTime(new Date(at));
  return `${shortDay(from)}, ${from.slice(11, 16)} to ${formatTime(new Date(at + hour), "clock").slice(0, 5)} UTC`;
}

/** table has the figures of the chart, newest first. @param {FeedHour[]} history */
const table = (history) => el("details", { class: "as-table" }, el("summary", null, "As a table"),
  el("div", { class: "scroll feeds-hours", tabindex: "0", role: "region", "aria-label": "Size by hour" }, el("table", { class: "table" },
    head("Hour (UTC)", { number: "Listed" }, { number: "Joined" }, { number: "Left" }),
    el("tbody", null, [...history].reverse().map((point) => el("tr", null,
      el("th", { scope: "row" }, formatTime(point.at).slice(0, 16)),
      [point.size, point.joined, point.left].map((n) => putNumber(el("td"), n))))))));

/**
 * createFeedChart returns the nodes of a chart: above the size of the feed, below it bars up
 * for who joined and down for who left.
 * @param {FeedHour[]} history
 */
export function createFeedChart(history) {
  const { start, hours } = hoursOf(history);
  if (hours.length === 0) return [];
  const chart = svg("svg", { "aria-hidden": "true", focusable: "false" });
  const headline = el("p", { class: "stack-head" });
  const box = el("div", { class: "stack-box feeds-chart" }, chart);
  const sums = hours.reduce((sum, h) => ({ joined: sum.joined + (h?.joined ?? 0), left: sum.left + (h?.left ?? 0) }), { joined: 0, left: 0 });
  const counts = [el("span"), el("span"), el("span")];
  const keys = el("ul", { class: "keys", "aria-hidden": "true" }, ["Listed", "Joined", "Left"].map((name, i) =>
    el("li", null, el("span", { class: `dot ${["series-1", "series-4", "series-3"][i]}` }), name, counts[i])));
  const maxSize = Math.max(1, ...hours.map((h) => h?.size ?? 0));
  const maxMoved = Math.max(1, ...hours.map((h) => Math.max(h?.joined ?? 0, h?.left ?? 0)));
  const step = niceStep(maxSize);
  const top = Math.ceil(maxSize / step) * step;
  const frame = { left: 0, slot: 1 };
  const mark = svg("rect", { class: "feeds-mark" });

  /** @param {number} at */
  function showFigures(at) {
    const pointed = hours[at];
    const newest = history[history.length - 1];
    headline.textContent = at < 0 ? `By hour, ${hourText(start).split(",")[0]} to ${shortDay(formatTime(newest.at))}`
      : `${hourText(start + at * hour)}${pointed ? "" : ": not computed"}`;
    putNumber(counts[0], at < 0 ? newest.size : pointed?.size ?? 0);
    putNumber(counts[1], at < 0 ? sums.joined : pointed?.joined ?? 0);
    putNumber(counts[2], at < 0 ? sums.left : pointed?.left ?? 0);
    mark.setAttribute("x", String(frame.left + Math.max(0, at) * frame.slot));
    mark.classList.toggle("shown", at >= 0);
  }

  /** @param {number} width @param {number} height @param {number} em the size of a letter */
  function draw(width, height, em) {
    const left = 3.2 * em;
    const base = 0.6 * height;
    const half = (height - 3.2 * em - base) / 2;
    const middle = base + 1.2 * em + half;
    const slot = (width - left) / hours.length;
    Object.assign(frame, { left, slot });
    /** @param {number} n */
    const y = (n) => base - ((base - 0.7 * em) * n) / top;

    const parts = [];
    for (let n = 0; n <= top; n += step) {
      parts.push(svg("line", { class: "grid", x1: left, x2: width, y1: y(n), y2: y(n) }),
        svg("text", { class: "tick", x: left - 0.5 * em, y: y(n) + 0.3 * em, "text-anchor": "end" }, formatShort(n)));
    }
    parts.push(svg("line", { class: "grid", x1: left, x2: width, y1: middle, y2: middle }),
      svg("text", { class: "tick", x: left - 0.5 * em, y: middle - half + 0.6 * em, "text-anchor": "end" }, `+${formatShort(maxMoved)}`),
      svg("text", { class: "tick", x: left - 0.5 * em, y: middle + half, "text-anchor": "end" }, `−${formatShort(maxMoved)}`));
    const gap = slot > 3 ? 1 : 0;
    let line = "";
    let area = "";
    hours.forEach((h, i) => {
      const x = left + i * slot;
      if (!h) return;
      const joins = i > 0 && hours[i - 1] !== null;
      line += `${joins ? "L" : "M"}${x} ${y(h.size)}H${x + slot}`;
      area += `M${x} ${base}V${y(h.size)}H${x + slot}V${base}Z`;
      for (const [n, color, sign] of /** @type {const} */ ([[h.joined, "series-4", -1], [h.left, "series-3", 1]])) {
        const tall = n > 0 ? Math.max(1, (half * n) / maxMoved) : 0;
        if (tall > 0) parts.push(svg("rect", { class: color, x, y: sign < 0 ? middle - tall : middle, width: Math.max(1, slot - gap), height: tall }));
      }
    });
    parts.push(svg("path", { class: "feeds-area", d: area }), svg("path", { class: "feeds-line", d: line }));
    labels(parts, { left, slot, em, y: height - 0.4 * em });
    for (const [name, value] of Object.entries({ y: 0, width: slot, height: height - 1.7 * em })) mark.setAttribute(name, String(value));
    chart.setAttribute("viewBox", `0 0 ${width} ${height}`);
    chart.replaceChildren(...parts, mark);
  }

  /**
   * labels adds the days at their midnights, or every few hours if there are only a few days.
   * @param {Element[]} parts @param {{ left: number, slot: number, em: number, y: number }} place
   */
  function labels(parts, { left, slot, em, y }) {
    const every = [6, 12, 24, 48, 96].find((n) => n * slot > 3.6 * em) ?? 168;
    hours.forEach((_, i) => {
      const at = start + i * hour;
      if ((at / hour) % every !== 0 || i * slot < 1.2 * em || (hours.length - i) * slot < 1.2 * em) return;
      const time = formatTime(new Date(at));
      const midnight = at % (24 * hour) === 0;
      parts.push(svg("text", { class: "tick", x: left + i * slot, y, "text-anchor": "middle" }, midnight ? shortDay(time) : time.slice(11, 16)));
    });
  }

  box.addEventListener("pointermove", (event) => {
    const x = event.clientX - box.getBoundingClientRect().left;
    showFigures(Math.max(0, Math.min(hours.length - 1, Math.floor((x - frame.left) / frame.slot))));
  });
  box.addEventListener("pointerleave", () => showFigures(-1));
  // The observer ends when the box is removed from the page.
  new ResizeObserver(([{ contentRect }]) => {
    if (contentRect.width > 0) draw(contentRect.width, contentRect.height, parseFloat(getComputedStyle(box).fontSize));
  }).observe(box);
  showFigures(-1);
  return [headline, box, keys, table(history)];
}
