// Chunks are the pieces of a day, fetched as they are needed: never more than two
// at once, and only some are kept.

const mostAtOnce = 2;
const mostKept = 24;

export class Chunks {
  // load(step) gives a promise of a chunk; changed() is called when one has come
  // or could not be got.
  constructor(load, changed) {
    this.load = load;
    this.changed = changed;
    this.running = 0;
    this.reset();
  }

  // reset forgets all, what is on its way too.
  reset() {
    this.kept = new Map(); // by step, the one used longest ago first
    this.loading = new Set();
    this.wanted = [];
    this.fault = null;
  }

  get(step) {
    const chunk = this.kept.get(step);
    if (!chunk) return undefined;
    this.kept.delete(step);
    this.kept.set(step, chunk);
    return chunk;
  }

  // forget drops the chunks for which when(step, chunk) is true.
  forget(when) {
    for (const [step, chunk] of this.kept) {
      if (when(step, chunk)) this.kept.delete(step);
    }
  }

  // want says which steps are needed now, the most urgent first. What was wanted
  // before and has not been begun is not fetched any more.
  want(steps) {
    this.wanted = steps;
    this.#next();
  }

  #next() {
    while (this.running < mostAtOnce && !this.fault) {
      const step = this.wanted.find((s) => !this.kept.has(s) && !this.loading.has(s));
      if (step === undefined) return;
      this.#fetch(step);
    }
  }

  async #fetch(step) {
    const { kept, loading } = this;
    loading.add(step);
    this.running++;
    let fault = null;
    try {
      kept.set(step, await this.load(step));
      if (kept.size > mostKept) kept.delete(kept.keys().next().value);
    } catch (error) {
      fault = error;
    }
    loading.delete(step);
    this.running--;
    if (kept === this.kept) {
      this.fault ??= fault;
      this.changed();
    }
    this.#next();
  }

  // retry tries again after a fault.
  retry() {
    this.fault = null;
    this.#next();
  }
}
