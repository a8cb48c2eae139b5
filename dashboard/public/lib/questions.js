// The questions of the cards. Each is asked once, however many cards listen, so
// that no two cards can disagree.

import { repeat } from "./repeat.js";
import { formatTime } from "./text.js";

const minute = 60_000;

// Number of rows requested for lists.
export const latestRows = 40;
export const topRows = 10;

/**
 * createQuestion returns a question that is asked while somebody listens. params
 * returns its parameters by the state: a change of them drops the answer. ask gets
 * them, and returns what api.ask does.
 * @template Answer
 * @param {{ api: Api, state: State, every: number, params: () => Params, ask: (params: Params) => Promise<Found<Answer>> }} question
 * @returns {Question<Answer>}
 */
function createQuestion({ api, state, every, params, ask }) {
  /** @type {Set<(status: Status<Answer>) => void>} */
  const listeners = new Set();
  /** @type {Found<Answer> | null} */
  let found = null;
  /** @type {Fault | null} */
  let fault = null;
  let asked = "";

  // A status has the answer, if any, as `found`, and a later error as `fault`, with the
  // milliseconds until the next attempt.
  const status = () => ({ found, fault, now: api.now() });
  const report = () => {
    for (const fn of [...listeners]) fn(status());
  };

  const asking = repeat({
    every,
    ask: () => ask(params()),
    done(next) {
      found = next;
      fault = null;
      report();
    },
    failed(err, after) {
      fault = { err, after };
      report();
    },
  });

  /**  */
  function follow() {
    const next = JSON.stringify(params());
    if (next === asked) return;
    asked = next;
    drop();
  }

  function drop() {
    found = fault = null;
    report();
    asking.again();
  }

  asked = JSON.stringify(params());
  state.on(["ci", "days"], follow);
  // Answers for a logged-in user must not be shown to the next person.
  api.onSession(() => { if (params().ci !== "1") drop(); });

  return {
    part: (fn) => ({
      start() {
        if (listeners.has(fn)) return;
        listeners.add(fn);
        asking.start();
        fn(status());
      },
      stop() {
        listeners.delete(fn);
        if (listeners.size === 0) asking.stop();
      },
    }),
    again: () => asking.again(),
  };
}

/** A single day makes no chart: at least a week is shown. @param {string} days */
export const chartDays = (days) => Math.max(7, Number(days));

/**
 * withToday puts the count of today into the answer for all days, which may be an
 * hour older. Both have their times. Around midnight they may be of different days:
 * then the count is left out, and the answer is of its own time.
 * @param {Found<Answers["/alert/datasetAlertTypesPerMonth"]>} days
 * @param {Found<CountByType>} today
 * @returns {Found<TypesByDay>}
 */
export function withToday(days, today) {
  const byDay = { ...days.answer?.[0]?.datasetAlertsPerMonth };
  /** @param {{ asOf: number }} found */
  const dayOf = ({ asOf }) => formatTime(new Date(asOf), "date");
  if (dayOf(today) !== dayOf(days) || today.asOf < days.asOf) return { answer: byDay, asOf: days.asOf };
  byDay[`${dayOf(today)} 00:00:00`] = today.answer?.AlertCountPerType ?? {};
  return { answer: byDay, asOf: today.asOf };
}

/** createQuestions returns those of all cards. @param {{ api: Api, state: State }} page */
export function createQuestions({ api, state }) {
  const ci = () => state.get("ci");
  const days = () => state.get("days");
  /**
   * @template {keyof Answers} Path
   * @param {Path} path @param {number} every milliseconds
   * @param {() => Params} params
   */
  const question = (path, every, params) => createQuestion({ api, state, every, params, ask: (given) => api.ask(path, given) });
  /** @param {string} type */
  const top = (type) => question("/alert/tops", 5 * minute, () => ({ ci: ci(), type, days: days(), topx: topRows }));

  return {
    // There are fewer than 400 countries.
    countries: question("/alert/topCountriesAttacks", minute, () => ({ ci: ci(), days: days(), topx: 400 })),
    heat: question("/alert/retrieveLatLonAttacks", minute, () => ({ ci: ci(), topx: 600 })),
    latest: question("/alert/retrieveAlertsJson", minute, () => ({ ci: ci(), topx: latestRows })),
    lastHour: question("/alert/retrieveAlertsCountWithType", minute / 2, () => ({ ci: ci(), time: 60 })),
    tpot: question("/alert/TpotStats", minute, () => ({ ci: "1" })), // about the community only
    ports: top("destports"),
    urls: top("urls"),
    // Both count by the time of arrival: one clock for all bars.
    perDay: createQuestion({
      api, state, every: minute,
      params: () => ({ ci: ci(), days: chartDays(days()) - 1 }),
      ask: async (given) => withToday(...await Promise.all([
        api.ask("/alert/datasetAlertTypesPerMonth", { ...given, clock: "arrival" }),
        api.ask("/alert/retrieveAlertsCountWithType", { ci: given.ci, time: "day" }),
      ])),
    }),
  };
}
