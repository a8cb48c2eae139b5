// Number of alerts in the last minute, five minutes, hour and day: the server's
// counts up to a second, plus the arrivals that the stream has reported since.

import { createArrivals, isCount } from "./arrivals.js";
import { createTrace } from "../lib/charts.js";
import { repeat } from "../lib/repeat.js";
import { cut, el, formatAlerts, formatNumber, formatRate, formatTime, parseTime, printable, putNumber } from "../lib/text.js";

const windows = [
  { member: "AlertsLastMinute", seconds: 60, label: "Last minute" },
  { member: "AlertsLast5Minutes", seconds: 300, label: "Last 5 minutes" },
  { member: "AlertsLastHour", seconds: 3600, label: "Last hour" },
  { member: "AlertsLast24Hours", seconds: 86400, label: "Last 24 hours" },
];
const [minute, fiveMinutes] = windows.map(({ seconds }) => seconds);

const askEvery = 15_000;
const spread = 3_000;
const speakEvery = 60_000;
const traced = 60; // seconds of the rate's curve
const oldest = 60; // seconds: an older answer says nothing about now
const ahead = 5; // seconds by which an answer may be ahead of the stream

/**
 * readStats reads an answer of retrieveAlertStats: the counts of the windows, null
 * where one is missing, and the second that they go up to (exclusive). An answer
 * without that second is null.
 * @param {Answers["/alert/retrieveAlertStats"]} answer
 * @returns {Stats | null}
 */
export function readStats(answer) {
  const until = parseTime(String(answer?.until));
  if (!until) return null;
  return { until: until.getTime() / 1000, counts: windows.map(({ member }) => (isCount(answer[member]) ? answer[member] : null)) };
}

/**
 * late returns the number of alerts in counted seconds that the server had not seen
 * when it counted.
 * @param {Stats} stats @param {Arrivals} arrivals
 */
function late({ until, counts }, arrivals) {
  const i = [1, 0].find((w) => counts[w] !== null && arrivals.covers(until - windows[w].seconds, until));
  return i === undefined ? 0 : Math.max(0, arrivals.sum(until - windows[i].seconds, until) - Number(counts[i]));
}

/** continues returns whether the arrivals go on from the server's answer. @param {Stats} stats @param {Arrivals} arrivals */
const continues = ({ until }, arrivals) => arrivals.covers(until, arrivals.end) && arrivals.covers(arrivals.end - fiveMinutes, arrivals.end);

/**
 * figuresOf returns the counts of the windows, the second that all of them go up to
 * (exclusive), and the one at which each begins. The hour and the day are the server's
 * and what arrived since. Where the arrivals do not continue the server's answer, or
 * are older than it, the answer stands alone.
 * @param {Stats} stats @param {Arrivals} arrivals
 */
export function figuresOf(stats, arrivals) {
  const { until, counts } = stats;
  const { end } = arrivals;
  if (!continues(stats, arrivals)) {
    return { second: until, counts, since: windows.map(({ seconds }) => until - seconds) };
  }
  const five = arrivals.sum(end - fiveMinutes, end);
  const added = arrivals.sum(until, end) + late(stats, arrivals);
  const longer = counts.slice(2).map((count) => (count === null ? null : Math.max(five, count + added)));
  return {
    second: end,
    counts: [arrivals.sum(end - minute, end), five, ...longer],
    since: windows.map(({ seconds }) => (seconds > fiveMinutes ? until : end) - seconds),
  };
}

/** @param {number} second @param {"full" | "clock"} [style] */
const timeOf = (second, style) => formatTime(new Date(second * 1000), style);

/**
 * mountCounters fills the list. asOf says which second the figures go up to, fault why
 * there are none, and spoken, for screen readers, has them once a minute.
 * @param {{ list: Element, asOf: Element, fault: Element, spoken: Element }} elements @param {{ api: Api, state: State, feed: Feed }} page
 * @returns {Part}
 */
export function mountCounters({ list, asOf, fault, spoken }, { api, state, feed }) {
  const figures = windows.map(() => el("dd", null, "–"));
  const boxes = windows.map(({ label }, i) => el("div", { class: "counter" }, el("dt", null, label), figures[i]));
  const perSecond = el("span", { class: "figure number" }, "–");
  const trace = createTrace(traced);
  list.append(
    el("div", { class: "counter rate" }, el("dt", null, "Alerts a second"), el("dd", null, perSecond, trace.root)),
    ...boxes,
  );

  const arrivals = createArrivals();
  let started = false;
  /** @type {Stats | null} */
  let stats = null; // of the server's latest answer
  /** @type {Stats | null} */
  let last = null; // of the one before
  let problem = ""; // why the last answer is of no use
  let rate = 0;
  let spokenAt = -Infinity;

  const seen = () => started && !document.hidden;
  const missing = () => (feed.status === "down" ? "The server cannot read its database, so there are no figures now." : problem);

  /**
   * isCurrent returns whether an answer still says something about now. A machine that
   * slept learns from the stream how late it is.
   * @param {Stats} stats
   */
  function isCurrent({ until }) {
    const streamed = feed.status === "live" ? arrivals.end : 0;
    return Math.max(api.now() / 1000, streamed) - until <= oldest;
  }

  // chosen returns the answer to show. Until the stream has caught up with a new one, which
  // does not know what came late, that is the last one.
  function chosen() {
    if (!stats || !isCurrent(stats)) return null;
    const early = stats.until > arrivals.end && stats.until - arrivals.end <= ahead;
    return early && last && continues(last, arrivals) ? last : stats;
  }

  /** @param {number} i @param {number | null} count @param {number} [second] @param {number} [since] */
  function write(i, count, second = 0, since = 0) {
    const figure = figures[i];
    if (count === null) {
      figure.textContent = "–";
      for (const name of ["title", "data-second", "data-since"]) figure.removeAttribute(name);
      boxes[i].removeAttribute("title");
      return;
    }
    putNumber(figure, count);
    figure.setAttribute("data-second", String(second));
    figure.setAttribute("data-since", String(since));
    boxes[i].setAttribute("title", `From ${timeOf(since)} to ${timeOf(second)}`);
  }

  /** @param {(number | null)[]} counts */
  function speak([lastMinute, , lastHour]) {
    if (performance.now() - spokenAt < speakEvery || lastMinute === null || lastHour === null) return;
    spokenAt = performance.now();
    spoken.textContent = `${formatAlerts(lastHour)} in the last hour, ${formatNumber(lastMinute)} in the last minute.`;
  }

  function draw() {
    if (!seen()) return;
    perSecond.textContent = feed.status === "live" ? formatRate(rate) : "–";
    trace.show(arrivals.last(traced));
    const why = missing();
    if (fault.textContent !== why) fault.textContent = why;
    const answer = why === "" ? chosen() : null;
    const known = answer && figuresOf(answer, arrivals);
    windows.forEach((_, i) => write(i, known?.counts[i] ?? null, known?.second, known?.since[i]));
    asOf.textContent = known ? `As of ${timeOf(known.second, "clock")}` : "";
    if (known) speak(known.counts);
  }

  function forget() {
    stats = last = null;
    problem = "";
  }

  /** @param {string} why */
  function fail(why) {
    forget();
    problem = why;
    draw();
  }

  /**
   * take replaces the answer by the next one. A server of the same store may be a
   * little behind; one that is further back had its clock set back.
   * @param {Stats} next
   */
  function take(next) {
    problem = "";
    if (stats && next.until < stats.until && stats.until - next.until <= oldest) return;
    last = stats;
    stats = next;
  }

  const asking = repeat({
    every: askEvery,
    ask: () => api.get("/alert/retrieveAlertStats", { until: "second" }),
    done(answer) {
      const next = readStats(answer);
      if (!next) fail("The server's answer does not say when it was counted, so there are no figures.");
      else if (!isCurrent(next)) fail("The server's last count is more than a minute old, so there are no figures now.");
      else {
        take(next);
        draw();
      }
    },
    failed: (err) => fail(`No figures are available: ${cut(printable(err.message), 200)}.`),
  });

  feed.on("count", ({ from, counts }) => {
    const before = arrivals.end;
    arrivals.take(from, counts);
    if (stats && arrivals.end - before > oldest && !isCurrent(stats)) asking.again();
    draw();
  });
  feed.on("rate", (next) => {
    rate = next.perSecond;
    draw();
  });
  let before = feed.status;
  feed.on("status", (status) => {
    // All pages learn at the same moment that the database can be read again.
    if (status === "live" && !stats) asking.again(before === "down" ? spread : 0);
    before = status;
    draw();
  });
  state.on("ci", () => {
    forget();
    rate = 0;
    arrivals.clear();
    asking.again();
    draw();
  });
  // Answers for a logged-in user must not be shown to the next person.
  api.onSession(() => {
    if (state.get("ci") === "1") return;
    forget();
    asking.again();
    draw();
  });
  document.addEventListener("visibilitychange", draw);

  return {
    start() {
      if (started) return;
      started = true;
      asking.start();
      draw();
    },
    stop() {
      started = false;
      asking.stop();
    },
  };
}
