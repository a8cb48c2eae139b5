// Chunks are the parts of a day, fetched on demand: at most two at a time, and
// only some are kept.

import { errorOf } from "../lib/errors.js";

const maxAtOnce = 2;
const maxKept = 24;

/**
 * createChunks returns the chunks of a day.
 * @param {(step: number) => Promise<Chunk>} load
 * @param {() => void} changed is called when a chunk has come or could not be loaded
 */
export function createChunks(load, changed) {
  /** @type {Map<number, Chunk>} */
  let kept; // by step, the one used longest ago first
  /** @type {Set<number>} */
  let loading;
  /** @type {number[]} */
  let wanted;
  /** @type {Error | null} */
  let fault;
  let running = 0;

  function reset() {
    kept = new Map();
    loading = new Set();
    wanted = [];
    fault = null;
  }

  function next() {
    while (running < maxAtOnce && !fault) {
      const step = wanted.find((s) => !kept.has(s) && !loading.has(s));
      if (step === undefined) return;
      fetchChunk(step);
    }
  }

  /** @param {number} step */
  async function fetchChunk(step) {
    const mine = { kept, loading };
    loading.add(step);
    running++;
    let failed = null;
    try {
      mine.kept.set(step, await load(step));
      const [oldest] = mine.kept.keys();
      if (mine.kept.size > maxKept) mine.kept.delete(oldest);
    } catch (err) {
      failed = errorOf(err);
    }
    mine.loading.delete(step);
    running--;
    if (mine.kept === kept) {
      fault ??= failed;
      changed();
    }
    next();
  }

  reset();

  return {
    /** fault is why a chunk could not be loaded. */
    get fault() {
      return fault;
    },

    /** reset forgets all, what is on its way too. */
    reset,

    /** @param {number} step */
    get(step) {
      const chunk = kept.get(step);
      if (!chunk) return undefined;
      kept.delete(step);
      kept.set(step, chunk);
      return chunk;
    },

    /** forget drops the chunks for which when returns true. @param {(step: number, chunk: Chunk) => boolean} when */
    forget(when) {
      for (const [step, chunk] of kept) {
        if (when(step, chunk)) kept.delete(step);
      }
    },

    /**
     * want sets the steps needed now, most urgent first. What was wanted
     * before and has not been begun is not fetched any more.
     * @param {number[]} steps
     */
    want(steps) {
      wanted = steps;
      next();
    },

    /** retry tries again after a fault. */
    retry() {
      fault = null;
      next();
    },
  };
}
