// Charts in SVG. Screen readers skip them: their data is in a table too.

import { groups } from "./palette.js";
import { el, formatShort, putNumber, svg } from "./text.js";

/** @param {Props} props @param {...Child} children */
const hiddenSvg = (props, ...children) => svg("svg", { "aria-hidden": "true", focusable: "false", ...props }, ...children);

/**
 * path makes a line through values, and the area below it, in a box of width
 * values.length - 1 and height 1.
 * @param {number[]} values @param {number} max
 */
function path(values, max) {
  const points = values.map((v, i) => `${i} ${(1 - v / max).toFixed(4)}`);
  const line = `M${points.join("L")}`;
  return { line, area: `${line}V1H0Z` };
}

/** sparkline is a small curve. @param {number[]} values */
export function sparkline(values) {
  const { line, area } = path(values, Math.max(1, ...values));
  return hiddenSvg(
    { class: "spark", viewBox: `0 0 ${Math.max(1, values.length - 1)} 1`, preserveAspectRatio: "none" },
    svg("path", { class: "area", d: area }), svg("path", { class: "line", d: line }));
}

/** createTrace is a curve of the last n values, the newest on the right. @param {number} n */
export function createTrace(n) {
  const area = svg("path", { class: "area" });
  const line = svg("path", { class: "line" });
  const root = hiddenSvg({ class: "spark", preserveAspectRatio: "none" }, area, line);

  return {
    root,
    /** @param {number[]} values */
    show(values) {
      const d = values.length > 0 ? path(values, Math.max(1, ...values)) : { line: "", area: "" };
      area.setAttribute("d", d.area);
      line.setAttribute("d", d.line);
      root.setAttribute("viewBox", `${values.length - n} 0 ${n - 1} 1`);
    },
  };
}

/** niceStep is the step of a scale up to max that has at most four steps. @param {number} max */
export function niceStep(max) {
  const rough = Math.max(1, max / 4);
  const power = 10 ** Math.floor(Math.log10(rough));
  return [1, 2, 2.5, 5, 10].map((f) => f * power).find((step) => step >= rough && Number.isInteger(step)) ?? max;
}

const months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/** shortDay writes YYYY-MM-DD as "24 Nov". @param {string} day */
export const shortDay = (day) => `${Number(day.slice(8, 10))} ${months[Number(day.slice(5, 7)) - 1] ?? ""}`;

/**
 * createStack is a chart of days, each a stack of the groups' counts:
 * [{day: "YYYY-MM-DD", total, byGroup: [count of each of groups]}]. The keys below
 * it show the sums, or, while the pointer is on one, a day's figures.
 * @param {StackDay[]} days
 */
export function createStack(days) {
  const chart = hiddenSvg({});
  const head = el("p", { class: "stack-head" });
  const sums = groups.map((_, g) => days.reduce((sum, d) => sum + d.byGroup[g], 0));
  const used = groups.map((_, g) => g).filter((g) => sums[g] > 0);
  const counts = used.map(() => el("span"));
  const keys = el("ul", { class: "keys", "aria-hidden": "true" }, used.map((g, i) =>
    el("li", null, el("span", { class: `dot series-${g + 1}` }), groups[g].name, counts[i])));
  const box = el("div", { class: "stack-box" }, chart);

  /** @type {SVGElement[]} */
  let columns = [];
  const max = Math.max(1, ...days.map((d) => d.total));
  const step = niceStep(max);
  const top = Math.ceil(max / step) * step;

  /** @param {number} at */
  function showFigures(at) {
    const day = days[at];
    const total = day ? day.total : days.reduce((sum, d) => sum + d.total, 0);
    const range = `${shortDay(days[0].day)} to ${shortDay(days[days.length - 1].day)}`;
    head.replaceChildren(`${day ? shortDay(day.day) : range}: `, putNumber(el("span"), total), " alerts");
    used.forEach((g, i) => { putNumber(counts[i], day ? day.byGroup[g] : sums[g]); });
    columns.forEach((column, i) => column.classList.toggle("pointed", i === at));
  }

  const frame = { left: 0, slot: 1 };

  /** @param {number} width @param {number} height @param {number} em the size of a letter */
  function draw(width, height, em) {
    const left = 3.2 * em;
    const bottom = height - 1.7 * em;
    const up = 0.7 * em;
    const slot = (width - left) / days.length;
    const bar = Math.max(2, Math.min(slot * 0.72, 4 * em));
    /** @param {number} n */
    const y = (n) => bottom - ((bottom - up) * n) / top;
    Object.assign(frame, { left, slot });

    const scale = [];
    for (let n = 0; n <= top; n += step) {
      scale.push(
        svg("line", { class: "grid", x1: left, x2: width, y1: y(n), y2: y(n) }),
        svg("text", { class: "tick", x: left - 0.5 * em, y: y(n) + 0.3 * em, "text-anchor": "end" }, formatShort(n)));
    }
    const every = Math.ceil((3.6 * em) / slot);
    columns = days.map((day, i) => {
      const x = left + slot * i + (slot - bar) / 2;
      let under = 0;
      const column = svg("g", { class: "column" });
      for (const g of used) {
        if (!day.byGroup[g]) continue;
        const from = y(under);
        under += day.byGroup[g];
        // A thin gap between two colors separates them for everyone.
        const tall = Math.max(0.75, from - y(under) - 1);
        column.append(svg("rect", { class: `series-${g + 1}`, x, y: from - tall, width: bar, height: tall, rx: Math.min(2, tall / 2) }));
      }
      if ((days.length - 1 - i) % every === 0) {
        column.append(svg("text", { class: "tick", x: x + bar / 2, y: height - 0.4 * em, "text-anchor": "middle" }, shortDay(day.day)));
      }
      return column;
    });
    chart.setAttribute("viewBox", `0 0 ${width} ${height}`);
    chart.replaceChildren(...scale, ...columns);
  }

  box.addEventListener("pointermove", (event) => {
    const x = event.clientX - box.getBoundingClientRect().left;
    showFigures(Math.max(0, Math.min(days.length - 1, Math.floor((x - frame.left) / frame.slot))));
  });
  box.addEventListener("pointerleave", () => showFigures(-1));
  // The observer ends when the box is removed from the page.
  new ResizeObserver(([{ contentRect }]) => {
    if (contentRect.width > 0) draw(contentRect.width, contentRect.height, parseFloat(getComputedStyle(box).fontSize));
  }).observe(box);
  showFigures(-1);
  return [head, box, keys];
}
