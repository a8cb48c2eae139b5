// Repeated work, which pauses while the page is hidden.

import { errorOf } from "./errors.js";

const firstRetry = 2_000;
const lastRetry = 60_000;

/**
 * createTicker calls fn at an interval in milliseconds, from start to stop.
 * @param {number} every milliseconds
 * @param {() => void} fn
 * @returns {Part}
 */
export function createTicker(every, fn) {
  let started = false;
  let timer = 0;

  function follow() {
    clearInterval(timer);
    if (started && !document.hidden) timer = setInterval(fn, every);
  }

  /** @param {boolean} to */
  function set(to) {
    if (started === to) return;
    started = to;
    follow();
  }

  document.addEventListener("visibilitychange", follow);
  return { start: () => set(true), stop: () => set(false) };
}

/**
 * repeat asks a question: after a while again when it was answered, with back-off
 * when not. done gets the answer, failed the error and after how many milliseconds
 * the next try comes.
 * @template Answer
 * @param {{
 *   every: number, ask: () => Promise<Answer>,
 *   done: (answer: Answer) => void, failed: (err: Error, after: number) => void,
 * }} question
 */
export function repeat({ every, ask, done, failed }) {
  let started = false;
  let round = 0; // an answer to an older round is of no use any more
  let retry = firstRetry;
  let timer = 0;
  let due = 0;

  /** @param {number} after */
  function plan(after) {
    due = performance.now() + after;
    clearTimeout(timer);
    if (started && !document.hidden) timer = setTimeout(go, after);
  }

  async function go() {
    const mine = ++round;
    let answer;
    due = Infinity;
    try {
      answer = await ask();
    } catch (err) {
      if (mine !== round) return;
      const after = retry * (0.8 + 0.4 * Math.random());
      retry = Math.min(2 * retry, lastRetry);
      plan(after);
      failed(errorOf(err), after);
      return;
    }
    if (mine !== round) return;
    retry = firstRetry;
    plan(every);
    done(answer);
  }

  document.addEventListener("visibilitychange", () => {
    clearTimeout(timer);
    if (started && !document.hidden && due !== Infinity) plan(Math.max(0, due - performance.now()));
  });

  return {
    /** start asks when it is due; stop forgets a question that is not answered yet. */
    start() {
      if (started) return;
      started = true;
      plan(Math.max(0, due - performance.now()));
    },
    stop() {
      started = false;
      clearTimeout(timer);
      if (due === Infinity) {
        round++;
        due = 0;
      }
    },
    /**
     * again asks at once, or when it is started; or at some moment within so many
     * milliseconds, where every page that is open asks for the same reason.
     */
    again(within = 0) {
      round++;
      retry = firstRetry;
      plan(within * Math.random());
    },
  };
}
