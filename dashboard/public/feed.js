// The live feed: new alerts from the server's stream, spread evenly over the
// second in which the next burst is awaited.

import { createSpreader } from "./spreader.js";

// Ids kept to know an alert that is told twice: a stream that is resumed tells up
// to 1000 again.
const idsKept = 4000;

// A page that nobody has looked at for so long gives its place to others.
const hiddenFor = 60_000;

const firstRetry = 2_000;
const lastRetry = 60_000;

// createSeen returns a function that tells whether an id came before.
export function createSeen(kept) {
  const ids = new Set();
  return (id) => {
    if (ids.has(id)) return true;
    ids.add(id);
    if (ids.size > kept) ids.delete(ids.values().next().value);
    return false;
  };
}

function parse(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null; // an event that is cut off: the next one is whole
  }
}

// createFeed opens the stream of the domain that the state names. Its events:
// alert (an alert), rate ({perSecond, shown}), and status ("connecting", "live",
// "waiting", "full", "users": for users only). Alerts that come while the page is hidden are left out.
export function createFeed({ state }) {
  const listeners = { alert: new Set(), rate: new Set(), status: new Set() };
  const emit = (type, value) => {
    for (const fn of [...listeners[type]]) fn(value);
  };

  const spreader = createSpreader((alert) => emit("alert", alert));
  let seen = createSeen(idsKept);
  let source = null;
  let status = "connecting";
  let retry = firstRetry;
  let retryTimer = 0;
  let hiddenTimer = 0;

  function tell(next) {
    if (next === status) return;
    status = next;
    emit("status", status);
  }

  function close() {
    clearTimeout(retryTimer);
    source?.close();
    source = null;
    spreader.clear();
  }

  function open() {
    close();
    tell("connecting");
    const url = `/alert/stream?ci=${state.get("ci")}`;
    const stream = new EventSource(url);
    source = stream;
    stream.addEventListener("open", () => {
      retry = firstRetry;
      tell("live");
    });
    stream.addEventListener("alert", (event) => {
      const alert = parse(event.data);
      if (alert && typeof alert.id === "string" && !seen(alert.id) && !document.hidden) spreader.push(alert);
    });
    stream.addEventListener("rate", (event) => {
      const rate = parse(event.data);
      if (rate) emit("rate", rate);
    });
    stream.addEventListener("error", () => {
      if (stream !== source) return;
      if (stream.readyState !== EventSource.CLOSED) {
        tell("waiting"); // the browser comes again
        return;
      }
      // 503 or 429, too many streams: browsers leave coming again to us. A hidden page
      // comes again when it is looked at.
      source = null;
      tell("full");
      explain(url);
      if (document.hidden) return;
      retryTimer = setTimeout(open, retry * (0.75 + Math.random() / 2));
      retry = Math.min(2 * retry, lastRetry);
    });
  }

  // explain finds out whether a stream is for users only, to which a browser cannot send
  // a log-in.
  async function explain(url) {
    const answer = await fetch(url, { method: "HEAD", credentials: "omit" }).catch(() => null);
    if (answer?.status === 403 && status === "full") tell("users");
  }

  function rest() {
    close();
    tell("waiting");
  }

  // watch gives a hidden page's stream back after a while, and opens it again for
  // one that is looked at.
  function watch() {
    clearTimeout(hiddenTimer);
    if (document.hidden) {
      clearTimeout(retryTimer);
      spreader.clear();
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
    get status() {
      return status;
    },
    // on calls fn at events of a type; the function it returns ends that.
    on(type, fn) {
      listeners[type].add(fn);
      return () => listeners[type].delete(fn);
    },
  };
}
