// The server sends about once a second, all new alerts at once. Shown so, a map
// would flash and rest; a spreader lets them out evenly over a second.

const second = 1000;

// What a burst is: all that comes within this time.
const gather = 40;

// More than this do not wait: the oldest go. A resumed stream may bring 1000.
const most = 200;

// plan returns after how many milliseconds each of n items goes out.
export function plan(n) {
  return Array.from({ length: n }, (_, i) => (i * second) / n);
}

// createSpreader returns a spreader that calls out with each item.
export function createSpreader(out) {
  let gathered = [];
  let leaving = [];
  let timer = 0;

  // start lets all that waits out over the next second. What is left of the
  // last second goes with it.
  function start() {
    const items = [...leaving.map(({ item }) => item), ...gathered].slice(-most);
    const now = performance.now();
    gathered = [];
    leaving = plan(items.length).map((after, i) => ({ at: now + after, item: items[i] }));
    step();
  }

  function step() {
    const now = performance.now();
    while (leaving.length > 0 && leaving[0].at <= now) out(leaving.shift().item);
    timer = leaving.length > 0 ? setTimeout(step, leaving[0].at - now) : 0;
  }

  return {
    push(item) {
      gathered.push(item);
      if (gathered.length > most) gathered.shift();
      if (gathered.length > 1) return;
      clearTimeout(timer);
      timer = setTimeout(start, gather);
    },
    clear() {
      clearTimeout(timer);
      timer = 0;
      gathered = [];
      leaving = [];
    },
    get waiting() {
      return gathered.length + leaving.length;
    },
  };
}
