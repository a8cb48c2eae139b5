// How many alerts there were: told by the server now and then, and estimated
// from the stream between.

import { createTicker, repeat } from "./repeat.js";
import { el, formatNumber, formatRate } from "./text.js";
import { createTrace } from "./charts.js";

const windows = [
  { member: "AlertsLastMinute", seconds: 60, label: "Last minute" },
  { member: "AlertsLast5Minutes", seconds: 300, label: "Last 5 minutes" },
  { member: "AlertsLastHour", seconds: 3600, label: "Last hour" },
  { member: "AlertsLast24Hours", seconds: 86400, label: "Last 24 hours" },
];

// The server's counts are up to 13 seconds old.
const serverLag = 15;

// createEstimate estimates how many alerts a window has: each that comes is added,
// and what leaves is the window's average. So it stays near rate × window however
// long the server says nothing.
export function createEstimate(seconds) {
  let value = 0;
  return {
    get value() {
      return Math.max(0, Math.round(value));
    },
    // told takes the server's count. An estimate that is ahead of it by no more than
    // the count's age is the better one.
    told(count, perSecond) {
      const ahead = value - count;
      if (ahead < 0 || ahead > perSecond * serverLag) value = count;
    },
    add(n) {
      value += n;
    },
    pass(elapsed) {
      value *= Math.exp(-elapsed / seconds);
    },
    reset() {
      value = 0;
    },
  };
}

const drawEvery = 250;
const askEvery = 15_000;
const speakEvery = 60_000;
const traced = 60; // seconds of the rate's curve

// mountCounters fills the list; spoken is a live region that is told once a minute.
export function mountCounters(list, spoken, { api, state, feed }) {
  const estimates = windows.map(({ seconds }) => createEstimate(seconds));
  const figures = windows.map(() => el("dd", null, "–"));
  const figure = el("span", { class: "figure" }, "–");
  const trace = createTrace(traced);
  list.append(
    el("div", { class: "counter rate" }, el("dt", null, "Alerts a second"), el("dd", null, figure, trace.root)),
    ...windows.map(({ label }, i) => el("div", { class: "counter" }, el("dt", null, label), figures[i])),
  );

  let started = false;
  let known = false;
  let rate = { perSecond: 0, shown: 0 };
  let arrived = 0; // in this second, for the curve
  let at = performance.now(); // what the estimates are of
  let traceAt = at;
  let spokenAt = -Infinity;

  // Of a busy stream a part is shown. Its rate, an average of ten seconds, then
  // tells how many there are: what one alert stands for changes from one to the next.
  const sampled = () => rate.perSecond > rate.shown;

  function count(n) {
    arrived += n;
    for (const e of estimates) e.add(n);
  }

  // advance brings the estimates up to now.
  function advance() {
    const now = performance.now();
    const elapsed = (now - at) / 1000;
    at = now;
    if (feed.status !== "live") return;
    for (const e of estimates) e.pass(elapsed);
    if (sampled()) count(rate.perSecond * elapsed);
  }

  function draw() {
    advance();
    const now = at;
    if (now - traceAt >= 1000) {
      if (feed.status === "live") trace.push(arrived / ((now - traceAt) / 1000));
      figure.textContent = feed.status === "live" ? formatRate(rate.perSecond) : "–";
      arrived = 0;
      traceAt = now;
    }
    if (!known) return;
    estimates.forEach((e, i) => {
      const text = formatNumber(e.value);
      if (figures[i].textContent !== text) figures[i].textContent = text;
    });
    if (now - spokenAt >= speakEvery) {
      spokenAt = now;
      spoken.textContent = `${formatNumber(estimates[2].value)} alerts in the last hour, ` +
        `${formatNumber(estimates[0].value)} in the last minute.`;
    }
  }

  const asking = repeat({
    every: askEvery,
    ask: () => api.get("/alert/retrieveAlertStats"),
    done(stats) {
      advance();
      windows.forEach(({ member }, i) => {
        const count = Number(stats[member]);
        if (Number.isFinite(count)) estimates[i].told(count, feed.status === "live" ? rate.perSecond : 0);
      });
      known = true;
      list.removeAttribute("data-fault");
      draw();
    },
    failed: () => list.setAttribute("data-fault", ""),
  });

  // anew leaves what was counted: what nobody saw is in the server's next count, and
  // until then the figures stay.
  function anew() {
    at = traceAt = performance.now();
    arrived = 0;
    known = false;
    for (const e of estimates) e.reset();
    asking.again();
  }

  feed.on("rate", (next) => {
    const perSecond = Number(next.perSecond);
    const shown = Number(next.shown);
    if (perSecond >= 0 && shown >= 0) rate = { perSecond, shown };
  });
  feed.on("alert", () => {
    if (!sampled()) count(1);
  });
  state.on("ci", () => {
    rate = { perSecond: 0, shown: 0 };
    for (const f of figures) f.textContent = "–";
    trace.clear();
    anew();
  });
  document.addEventListener("visibilitychange", anew);

  const drawing = createTicker(drawEvery, draw);
  return {
    start() {
      if (started) return;
      started = true;
      anew();
      asking.start();
      drawing.start();
    },
    stop() {
      started = false;
      asking.stop();
      drawing.stop();
    },
  };
}
