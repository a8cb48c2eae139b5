import { el, formatAlerts, svg } from "../lib/text.js";
import { clock, secondsADay, secondsAStep } from "./time.js";

const height = 100; // of the drawing, whatever it measures on the screen

/**
 * createTimeline gives a histogram of the day under a slider. onSeek(at) is called
 * while the slider is moved.
 * @param {(at: number) => void} onSeek
 */
export function createTimeline(onSeek) {
  const steps = secondsADay / secondsAStep;
  const bars = svg("path", { class: "replay-bars" });
  const passed = svg("path", { class: "replay-bars replay-passed" });
  const drawing = svg("svg", { viewBox: `0 0 ${steps} ${height}`, preserveAspectRatio: "none", "aria-hidden": "true", focusable: "false" }, bars, passed);
  const slider = el("input", {
    type: "range", min: 0, max: secondsADay, step: 60, value: 0, class: "replay-slider", "aria-label": "Moment of the day, UTC",
    on: { input: () => onSeek(Number(slider.value)) },
  });
  const hours = el("div", { class: "replay-hours", "aria-hidden": "true" });
  for (let h = 0; h <= 24; h += 3) hours.append(el("span", {}, `${String(h).padStart(2, "0")}:00`));
  const element = el("div", { class: "replay-timeline" }, el("div", { class: "replay-track" }, drawing, slider), hours);

  /** @type {number[]} */
  let counts = [];
  let drawn = -1; // how far the passed part goes

  return {
    element,

    /** @param {number[]} next */
    setCounts(next) {
      counts = next;
      drawn = -1;
      bars.setAttribute("d", columns(counts, counts.length));
    },

    /** show puts the slider to a moment that can be replayed up to end. @param {number} at @param {number} end */
    show(at, end) {
      slider.value = String(Math.min(at, end));
      const step = Math.min(steps - 1, Math.floor(at / secondsAStep));
      slider.setAttribute("aria-valuetext", counts.length > 0 ? `${clock(at)} UTC, ${formatAlerts(counts[step])} in 5 minutes` : `${clock(at)} UTC`);
      if (step === drawn) return;
      drawn = step;
      passed.setAttribute("d", columns(counts, step + 1));
    },
  };
}

/**
 * columns draws the first n counts, the most of all as high as the drawing: one
 * that is not 0 is always seen.
 * @param {number[]} counts @param {number} n
 */
export function columns(counts, n) {
  const max = Math.max(1, ...counts);
  let path = "";
  for (let i = 0; i < n; i++) {
    if (!(counts[i] > 0)) continue;
    const h = Math.max(2, (counts[i] / max) * height);
    path += `M${i} ${height}v${-round(h)}h.8v${round(h)}z`;
  }
  return path;
}

/** @param {number} n */
const round = (n) => Math.round(n * 100) / 100;
