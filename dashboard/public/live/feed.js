// The live feed: new alerts from the server's stream, spread evenly over the
// second in which the next burst is awaited.

import { isCount } from "./arrivals.js";
import { createJitterBuffer } from "./buffer.js";
import { urlFor } from "../lib/urls.js";

// IDs kept to drop duplicates: a stream that is resumed sends up
// to 1,000 again.
const idsKept = 4000;

// A page hidden for so long closes its stream, to free its place.
const hiddenFor = 60_000;

const firstRetry = 2_000;
const lastRetry = 60_000;

/** createSeen returns a function that returns whether it had an ID before. @param {number} max @returns {(id: string) => boolean} */
export function createSeen(max) {
  /** @type {Set<string>} */
  const ids = new Set();
  return (id) => {
    if (ids.has(id)) return true;
    ids.add(id);
    const [oldest] = ids;
    if (ids.size > max) ids.delete(oldest);
    return false;
  };
}

// The server sends the counts of at most ten minutes at once.
const maxCounts = 3600;

/** @param {number} n */
const isRate = (n) => Number.isFinite(n) && n >= 0;

// Events garbled by a proxy are dropped; the next one is correct again.
/** @type {{ [type in keyof StreamEvents]: (sent: StreamEvents[type]) => boolean }} */
const valid = {
  alert: ({ id }) => typeof id === "string",
  rate: ({ perSecond, shown }) => isRate(perSecond) && isRate(shown),
  count: ({ from, counts }) => isCount(from) && Array.isArray(counts) && counts.length > 0 &&
    counts.length <= maxCounts && counts.every(isCount),
  store: ({ available }) => typeof available === "boolean",
};

/**
 * read returns the data of an event, or null if it is not what that event has.
 * @template {keyof StreamEvents} Type
 * @param {Type} type @param {string} text
 * @returns {StreamEvents[Type] | null}
 */
export function read(type, text) {
  try {
    const data = JSON.parse(text);
    return data && valid[type](data) ? data : null;
  } catch {
    return null; // an event that is cut off
  }
}

/**
 * createFeed opens the stream of the domain that the state names. Its events:
 * alert (an alert), rate ({perSecond, shown}), count ({from, counts}: how many alerts
 * arrived in each second from `from` on), and status ("connecting", "live", "down": the
 * server cannot read its store, "waiting", "full", "users": for users only). Alerts that
 * come while the page is hidden are left out.
 * @param {{ state: State }} page
 */
export function createFeed({ state }) {
  /** @type {{ [type in keyof FeedEvents]: Set<(value: FeedEvents[type]) => void> }} */
  const listeners = { alert: new Set(), rate: new Set(), count: new Set(), status: new Set() };
  /** @template {keyof FeedEvents} Type @param {Type} type @param {FeedEvents[Type]} value */
  const emit = (type, value) => {
    for (const fn of [...listeners[type]]) fn(value);
  };

  const buffer = createJitterBuffer((/** @type {StreamAlert} */ alert) => emit("alert", alert));
  let seen = createSeen(idsKept);
  /** @type {EventSource | null} */
  let source = null;
  /** @type {FeedStatus} */
  let status = "connecting";
  let retry = firstRetry;
  let retryTimer = 0;
  let hiddenTimer = 0;

  /** @param {FeedStatus} next */
  function setStatus(next) {
    if (next === status) return;
    status = next;
    emit("status", status);
  }

  function close() {
    clearTimeout(retryTimer);
    source?.close();
    source = null;
    buffer.clear();
  }

  function open() {
    close();
    setStatus("connecting");
    const url = urlFor(`/alert/stream?ci=${state.get("ci")}`);
    const stream = new EventSource(url);
    source = stream;
    /** @template {keyof StreamEvents} Type @param {Type} type @param {(sent: StreamEvents[Type]) => void} fn */
    const listen = (type, fn) => stream.addEventListener(type, (event) => {
      const data = read(type, event.data);
      if (data) fn(data);
    });
    // Also after the browser has connected again by itself.
    stream.addEventListener("open", () => {
      retry = firstRetry;
      emit("rate", { perSecond: 0, shown: 0 }); // the server reports no rate before there is one
      setStatus("live");
    });
    listen("alert", (alert) => {
      if (!seen(alert.id) && !document.hidden) buffer.push(alert);
    });
    listen("rate", (rate) => emit("rate", rate));
    listen("count", (count) => emit("count", count));
    listen("store", ({ available }) => setStatus(available ? "live" : "down"));
    stream.addEventListener("error", () => {
      if (stream !== source) return;
      if (stream.readyState !== EventSource.CLOSED) {
        setStatus("waiting"); // the browser tries again
        return;
      }
      // 503 or 429, too many streams: browsers do not try again. A hidden
      // page does when it is looked at.
      source = null;
      setStatus("full");
      explain(url);
      if (document.hidden) return;
      retryTimer = setTimeout(open, retry * (0.75 + Math.random() / 2));
      retry = Math.min(2 * retry, lastRetry);
    });
  }

  /**
   * explain finds out whether a stream is for users only, to which a browser cannot send
   * a log-in.
   * @param {string} url
   */
  async function explain(url) {
    const answer = await fetch(url, { method: "HEAD", credentials: "omit" }).catch(() => null);
    if (answer?.status === 403 && status === "full") setStatus("users");
  }

  function rest() {
    close();
    setStatus("waiting");
  }

  // watch gives a hidden page's stream back after a while, and opens it again for
  // one that is looked at.
  function watch() {
    clearTimeout(hiddenTimer);
    if (document.hidden) {
      clearTimeout(retryTimer);
      buffer.clear();
      hiddenTimer = setTimeout(rest, hiddenFor);
    } else if (!source) open();
  }

  document.addEventListener("visibilitychange", watch);
  state.on("ci", () => {
    seen = createSeen(idsKept);
    if (document.hidden) rest();
    else open();
  });
  open();
  watch();

  return {
    /** @returns {FeedStatus} */
    get status() {
      return status;
    },
    /**
     * on calls fn at events of a type; the function it returns ends that.
     * @template {keyof FeedEvents} Type
     * @param {Type} type @param {(value: FeedEvents[Type]) => void} fn
     */
    on(type, fn) {
      listeners[type].add(fn);
      return () => listeners[type].delete(fn);
    },
  };
}
