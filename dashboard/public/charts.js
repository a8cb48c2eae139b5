// Charts, in SVG. What they show is told in a table too, for those who do not see
// them: none of them says anything to a screen reader.

import { groups } from "./palette.js";
import { el, formatNumber, formatShort, svg } from "./text.js";

const hiddenSvg = (props, ...children) => svg("svg", { "aria-hidden": "true", focusable: "false", ...props }, ...children);

// path makes a line through values, and the area below it, in a box of width
// values.length - 1 and height 1.
function path(values, max) {
  const points = values.map((v, i) => `${i} ${(1 - v / max).toFixed(4)}`);
  const line = `M${points.join("L")}`;
  return { line, area: `${line}V1H0Z` };
}

// sparkline is a small curve.
export function sparkline(values) {
  const { line, area } = path(values, Math.max(1, ...values));
  return hiddenSvg(
    { class: "spark", viewBox: `0 0 ${Math.max(1, values.length - 1)} 1`, preserveAspectRatio: "none" },
    svg("path", { class: "area", d: area }), svg("path", { class: "line", d: line }));
}

// createTrace is a curve that runs: the newest of n values is on the right.
export function createTrace(n) {
  let values = [];
  const area = svg("path", { class: "area" });
  const line = svg("path", { class: "line" });
  const root = hiddenSvg({ class: "spark", preserveAspectRatio: "none" }, area, line);

  return {
    root,
    push(value) {
      values = [...values, value].slice(-n);
      const d = path(values, Math.max(1, ...values));
      area.setAttribute("d", d.area);
      line.setAttribute("d", d.line);
      root.setAttribute("viewBox", `${values.length - n} 0 ${n - 1} 1`);
    },
    clear() {
      values = [];
    },
  };
}

// niceStep is the step of a scale up to max that has at most four steps.
export function niceStep(max) {
  const rough = Math.max(1, max / 4);
  const power = 10 ** Math.floor(Math.log10(rough));
  return [1, 2, 2.5, 5, 10].map((f) => f * power).find((step) => step >= rough && Number.isInteger(step));
}

const months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

// shortDay writes YYYY-MM-DD as "24 Nov".
export const shortDay = (day) => `${Number(day.slice(8, 10))} ${months[Number(day.slice(5, 7)) - 1] ?? ""}`;

// createStack is a chart of days, each a stack of the groups' counts:
// [{day: "YYYY-MM-DD", total, byGroup: [count of each of groups]}]. The keys below
// it tell the sums, or, while the pointer is on one, a day's figures.
export function createStack(days) {
  const chart = hiddenSvg({});
  const head = el("p", { class: "stack-head" });
  const sums = groups.map((_, g) => days.reduce((sum, d) => sum + d.byGroup[g], 0));
  const used = groups.map((_, g) => g).filter((g) => sums[g] > 0);
  const counts = used.map(() => el("span", { class: "number" }));
  const keys = el("ul", { class: "keys", "aria-hidden": "true" }, used.map((g, i) =>
    el("li", null, el("span", { class: `dot series-${g + 1}` }), groups[g].name, counts[i])));
  const box = el("div", { class: "stack-box" }, chart);

  const most = Math.max(1, ...days.map((d) => d.total));
  const step = niceStep(most);
  const top = Math.ceil(most / step) * step;

  function tell(at) {
    const day = days[at];
    const total = day ? day.total : days.reduce((sum, d) => sum + d.total, 0);
    const range = `${shortDay(days[0].day)} to ${shortDay(days.at(-1).day)}`;
    head.textContent = `${day ? shortDay(day.day) : range}: ${formatNumber(total)} alerts`;
    used.forEach((g, i) => { counts[i].textContent = formatNumber(day ? day.byGroup[g] : sums[g]); });
    columns.forEach((column, i) => column.classList.toggle("told", i === at));
  }

  let columns = [];
  const frame = { left: 0, slot: 1 };

  function draw(width, height, em) {
    const left = 3.2 * em;
    const bottom = height - 1.7 * em;
    const up = 0.7 * em;
    const slot = (width - left) / days.length;
    const bar = Math.max(2, Math.min(slot * 0.72, 4 * em));
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
        // A hair of the ground between two colours keeps them apart for everybody.
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
    tell(Math.max(0, Math.min(days.length - 1, Math.floor((x - frame.left) / frame.slot))));
  });
  box.addEventListener("pointerleave", () => tell(-1));
  // The observer goes with the box when that is taken out of the page.
  new ResizeObserver(([{ contentRect }]) => {
    if (contentRect.width > 0) draw(contentRect.width, contentRect.height, parseFloat(getComputedStyle(box).fontSize));
  }).observe(box);
  tell(-1);
  return [head, box, keys];
}
