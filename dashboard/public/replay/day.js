// The replayed day: the number of alerts in each step, and the part that the server
// still keeps.

import { errorOf } from "../lib/errors.js";
import { parseTime } from "../lib/text.js";
import { endOf, keptOf, secondsAStep } from "./time.js";

const staleAfter = 60_000; // milliseconds: today's counts grow

/**
 * createDay returns a day, which is none until it is chosen.
 * @param {{ api: Api }} page
 */
export function createDay({ api }) {
  let loaded = 0; // of performance.now()

  const day = {
    name: "", // YYYYMMDD
    ci: "",
    /** @type {number[]} */
    counts: [],
    /** @type {Found<ReplayDay> | null} */
    found: null,
    /** @type {Error | null} */
    fault: null,
    kept: { gone: false, text: "" },

    /** choose drops what is known of another day. @param {string} name @param {string} ci */
    choose(name, ci) {
      Object.assign(day, { name, ci, counts: [], found: null, kept: { gone: false, text: "" } });
    },

    /**
     * load asks for the day's counts. Its promise is false if another day has been
     * chosen meanwhile.
     */
    async load() {
      const { name, ci } = day;
      const current = () => name === day.name && ci === day.ci;
      loaded = performance.now();
      day.fault = null;
      try {
        const found = await api.ask("/alert/replayDay", { day: name, ci });
        if (!current()) return false;
        day.found = found;
        day.counts = found.answer.alerts;
        day.kept = keptOf(name, parseTime(found.answer.keptFrom)?.getTime(), found.asOf);
      } catch (err) {
        if (!current()) return false;
        day.fault = errorOf(err);
      }
      return true;
    },

    isOld: () => performance.now() - loaded > staleAfter,

    /** end is how much of the day can be replayed now, in seconds. */
    end: () => endOf(day.name, api.now()),

    /** firstAlert is the second at which the day's first alerts come. */
    firstAlert: () => Math.max(0, day.counts.findIndex((n) => n > 0)) * secondsAStep,
  };
  return day;
}
