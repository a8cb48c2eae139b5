// How many alerts arrived in each of the last seconds, as the stream reports it.

// The stream opens with 300 seconds; twice as many also cover the time between two
// answers of the server.
const kept = 600;

/** isCount returns whether a value from the server can be how many alerts there were. @param {unknown} n @returns {n is number} */
export const isCount = (n) => Number.isSafeInteger(n) && Number(n) >= 0;

/**
 * createArrivals returns the counts of at most `kept` seconds in a row, up to end
 * (exclusive, Unix seconds).
 */
export function createArrivals() {
  let start = 0;
  /** @type {number[]} */
  let counts = [];

  return {
    get start() {
      return start;
    },
    get end() {
      return start + counts.length;
    },
    /**
     * take replaces what is known of the seconds from `from` on. After a gap only
     * the new ones count.
     * @param {number} from @param {number[]} next
     */
    take(from, next) {
      const before = from - start;
      if (before < 0 || before > counts.length) {
        counts = [];
        start = from;
      }
      counts = [...counts.slice(0, from - start), ...next];
      start += Math.max(0, counts.length - kept);
      counts = counts.slice(-kept);
    },
    /** covers returns whether all seconds of [from, to) are known. @param {number} from @param {number} to */
    covers(from, to) {
      return counts.length > 0 && start <= from && from <= to && to <= start + counts.length;
    },
    /** last returns the counts of the last n seconds, or of fewer if there are no more. @param {number} n */
    last: (n) => counts.slice(-n),
    /** sum returns how many alerts arrived in [from, to). @param {number} from @param {number} to */
    sum: (from, to) => counts.slice(Math.max(0, from - start), Math.max(0, to - start)).reduce((sum, n) => sum + n, 0),
    clear() {
      counts = [];
    },
  };
}
