// What is done again and again, and never while nobody looks.

const firstRetry = 2_000;
const lastRetry = 60_000;

// createTicker calls fn every so many milliseconds, from start to stop.
export function createTicker(every, fn) {
  let started = false;
  let timer = 0;

  function follow() {
    clearInterval(timer);
    if (started && !document.hidden) timer = setInterval(fn, every);
  }

  function set(to) {
    if (started === to) return;
    started = to;
    follow();
  }

  document.addEventListener("visibilitychange", follow);
  return { start: () => set(true), stop: () => set(false) };
}

// repeat asks a question: after a while again when it was answered, with back-off
// when not. ask returns a promise, done gets its value,
// failed the error and after how many milliseconds the next try comes.
export function repeat({ every, ask, done, failed }) {
  let started = false;
  let round = 0; // an answer to an older round is of no use any more
  let retry = firstRetry;
  let timer = 0;
  let due = 0;

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
      failed(err, after);
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
    // start asks when it is due; stop forgets a question that is not answered yet.
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
    // again asks at once, or when it is started.
    again() {
      round++;
      retry = firstRetry;
      plan(0);
    },
  };
}
