import { el, printable } from "../lib/text.js";
import { addDays, dashed } from "./time.js";

const speeds = [10, 60, 300];

/**
 * createControls gives the row above the map and the line of the state below.
 * @param {{ onDay: (day: string) => void, onMoveDay: (n: number) => void, onToggle: () => void, onSpeed: (speed: number) => void, onRetry: () => void }} on
 */
export function createControls({ onDay, onMoveDay, onToggle, onSpeed, onRetry }) {
  /** @type {Record<string, unknown>} */
  const shown = {}; // what is shown now, so that only changes are written
  let shownDay = "";
  const day = el("input", { type: "date", required: true, on: { change: pickDay } });
  const back = el("button", { type: "button", class: "button", "aria-label": "Day before", on: { click: () => onMoveDay(-1) } }, "‹");
  const next = el("button", { type: "button", class: "button", "aria-label": "Day after", on: { click: () => onMoveDay(1) } }, "›");
  const play = el("button", { type: "button", class: "button primary replay-play", on: { click: onToggle } });
  const choices = speeds.map((speed) =>
    el("button", { type: "button", on: { click: () => choose(speed) } }, `${speed}×`));
  const time = el("span", { class: "replay-clock" });
  const step = el("span", { class: "replay-step" });
  const total = el("span", { class: "note" });

  // What is no day, or has not come yet, does not stay there.
  function pickDay() {
    if (day.value) onDay(day.value.replaceAll("-", ""));
    day.value = dashed(shownDay);
  }

  /** @param {number} speed */
  function choose(speed) {
    choices.forEach((button, i) => button.setAttribute("aria-pressed", String(speeds[i] === speed)));
    onSpeed(speed);
  }
  choose(60);

  const element = el("div", { class: "replay-controls" },
    el("div", { class: "replay-day" }, back, el("label", { class: "field" }, el("span", { class: "vh" }, "Day (UTC)"), day), next),
    play,
    el("div", { class: "segmented", role: "group", "aria-label": "Speed" }, choices),
    el("div", { class: "replay-now" }, el("p", {}, time, el("span", { class: "note" }, " UTC")), el("p", {}, step, " ", total)),
  );

  const words = el("p", {});
  const retry = el("button", { type: "button", class: "button", on: { click: onRetry } }, "Try again");
  const status = el("div", { class: "replay-status", role: "status" }, words, retry);

  /**
   * set leaves alone what has not changed: it is called at every picture.
   * @template T
   * @param {string} name @param {T} value @param {(value: T) => void} change
   */
  function set(name, value, change) {
    if (shown[name] === value) return;
    shown[name] = value;
    change(value);
  }

  /** @param {string} name @param {string} value @param {Element} node */
  const setText = (name, value, node) => set(name, value, (text) => { node.textContent = text; });

  return {
    element,
    status,
    /** @param {ReplayShown} now */
    show(now) {
      set("day", now.day, (value) => {
        shownDay = value;
        day.value = dashed(value);
      });
      set("today", now.today, (value) => day.setAttribute("max", dashed(value)));
      set("last", addDays(now.day, 1) > now.today, (last) => { next.disabled = last; });
      setText("play", now.playing ? "Pause" : "Play", play);
      setText("clock", now.clock, time);
      setText("step", now.step, step);
      setText("total", now.total, total);
      setText("words", wordsFor(now), words);
      set("faulty", Boolean(now.fault), (faulty) => {
        retry.hidden = !faulty;
        status.classList.toggle("replay-fault", faulty);
      });
    },
  };
}

/** @param {ReplayShown} now */
function wordsFor(now) {
  const { fault, waiting, kept } = now;
  if (fault) return `This part could not be loaded: ${printable(fault.message)}`;
  if (waiting) return "Loading…";
  return [kept.gone ? "" : progressOf(now), kept.text].filter(Boolean).join(" ");
}

/** @param {ReplayShown} now */
function progressOf({ empty, ended, today, day }) {
  if (empty) return day === today ? "No alerts on this day so far." : "No alerts on this day.";
  if (ended) return day === today ? "End of the alerts so far." : "End of the day.";
  return "";
}
