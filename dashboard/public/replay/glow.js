// The glow is the background of a replay: the places of the day's attackers up to the shown
// moment. The server counts them up to full hours; alerts replayed since the last full hour
// are added. Alerts skipped by seeking within an hour are unknown and missing.

import { errorOf } from "../lib/errors.js";

const secondsAnHour = 3600;
/** @param {number} at */
const hourOf = (at) => Math.floor(at / secondsAnHour);

/**
 * createGlow returns the glow of a day.
 * @param {(hour: number) => Promise<HeatPlace[]>} load loads the day's places up to an hour
 * @param {() => void} changed is called when they have come or could not be loaded
 */
export function createGlow(load, changed) {
  /** @type {Map<number, HeatPlace[]>} */
  let kept; // places by the hour up to which they are counted
  /** @type {Map<number, Map<string, HeatPlace>>} */
  let replayed; // by hour, then by place
  /** @type {Error | null} */
  let fault;
  let loading = false;
  let hour = 0;

  function reset() {
    kept = new Map([[0, []]]);
    replayed = new Map();
    fault = null;
    loading = false;
    hour = 0;
  }

  // One hour is asked for at a time, however fast the slider is dragged.
  async function next() {
    const [mine, asked] = [kept, hour];
    if (loading || fault || mine.has(asked)) return;
    loading = true;
    let failed = null;
    try {
      mine.set(asked, await load(asked));
    } catch (err) {
      failed = errorOf(err);
    }
    if (mine !== kept) return; // of another day
    loading = false;
    fault = failed;
    changed();
    next();
  }

  /** follow goes on with the moment that is shown. @param {number} at */
  function follow(at) {
    hour = hourOf(at);
    next();
  }

  reset();

  return {
    /** fault is why places could not be loaded. */
    get fault() {
      return fault;
    },

    /** places are those of the glow, most alerts first. */
    get places() {
      const counted = Math.max(...[...kept.keys()].filter((h) => h <= hour));
      /** @type {Map<string, HeatPlace>} */
      const sum = new Map();
      for (const place of kept.get(counted) ?? []) addTo(sum, place);
      for (const [h, places] of replayed) {
        if (h < counted) replayed.delete(h);
        else for (const place of places.values()) addTo(sum, place);
      }
      return [...sum.values()].sort((a, b) => b.count - a.count);
    },

    /** reset forgets all: another day begins. */
    reset,

    follow,

    /** seek goes to another moment, earlier or later, without replaying what is between. @param {number} at */
    seek(at) {
      replayed.clear();
      follow(at);
    },

    /** add takes an alert that was replayed, and how many it stands for. @param {ReplayAlert} alert @param {number} weight */
    add({ second, sourceLat: lat, sourceLng: lng }, weight) {
      const h = hourOf(second);
      const places = replayed.get(h) ?? new Map();
      replayed.set(h, places);
      addTo(places, { lat, lng, count: weight });
    },

    /** retry tries again after a fault. */
    retry() {
      fault = null;
      next();
    },
  };
}

/** @param {Map<string, HeatPlace>} sum @param {HeatPlace} place */
function addTo(sum, { lat, lng, count }) {
  const key = `${lat},${lng}`;
  const place = sum.get(key);
  if (place) place.count += count;
  else sum.set(key, { lat, lng, count });
}
