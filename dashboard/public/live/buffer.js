// The server sends new alerts in bursts, about once a second. The jitter buffer
// releases them evenly over a second, so that the map does not flash.

const second = 1000;

// A burst is everything that arrives within this time.
const gather = 40;

// Maximum number of waiting items; the oldest are dropped. A resumed stream may
// bring 1000.
const maxWaiting = 200;

/** plan returns after how many milliseconds each of n items goes out. @param {number} n */
export function plan(n) {
  return Array.from({ length: n }, (_, i) => (i * second) / n);
}

/**
 * createJitterBuffer returns a buffer that calls out with each item.
 * @template Item
 * @param {(item: Item) => void} out
 */
export function createJitterBuffer(out) {
  /** @type {Item[]} */
  let gathered = [];
  /** @type {{ at: number, item: Item }[]} */
  let leaving = [];
  let timer = 0;

  // start schedules all waiting items, including those left from the last
  // second, over the next second.
  function start() {
    const items = [...leaving.map(({ item }) => item), ...gathered].slice(-maxWaiting);
    const now = performance.now();
    gathered = [];
    leaving = plan(items.length).map((after, i) => ({ at: now + after, item: items[i] }));
    step();
  }

  function step() {
    const now = performance.now();
    for (let next = leaving[0]; next && next.at <= now; next = leaving[0]) {
      leaving.shift();
      out(next.item);
    }
    timer = leaving.length > 0 ? setTimeout(step, leaving[0].at - now) : 0;
  }

  return {
    /** @param {Item} item */
    push(item) {
      gathered.push(item);
      if (gathered.length > maxWaiting) gathered.shift();
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
