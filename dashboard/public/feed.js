// The live feed: new alerts from the server's stream, spread evenly over the
// second in which the next burst is awaited.

import { state } from "./state.js";
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
// alert (an alert), rate ({perSecond, shown}), missed ({alerts}), and status
// ("connecting", "live", "waiting", "full").
export function createFeed() {
  const listeners = { alert: new Set(), rate: new Set(), missed: new Set(), status: new Set() };
  const emit = (type, value) => {
    for (const fn of [...listeners[type]]) fn(value);
  };

  const spreader = createSpreader((alert) => emit("alert", alert));
  let seen = createSeen(idsKept);
  let source = null;
  let status = "connecting";
  let retry = firstRetry;
  let timer = 0;

  function tell(next) {
    if (next === status) return;
    status = next;
    emit("status", status);
  }

  function close() {
    clearTimeout(timer);
    source?.close();
    source = null;
    spreader.clear();
  }

  function open() {
    close();
    tell("connecting");
    const stream = new EventSource(`/alert/stream?ci=${state.get("ci")}`);
    source = stream;
    stream.addEventListener("open", () => {
      retry = firstRetry;
      tell("live");
    });
    stream.addEventListener("alert", (event) => {
      const alert = parse(event.data);
      if (alert && typeof alert.id === "string" && !seen(alert.id)) spreader.push(alert);
    });
    for (const type of ["rate", "missed"]) {
      stream.addEventListener(type, (event) => {
        const value = parse(event.data);
        if (value) emit(type, value);
      });
    }
    stream.addEventListener("error", () => {
      if (stream !== source) return;
      if (stream.readyState !== EventSource.CLOSED) {
        tell("waiting"); // the browser comes again
        return;
      }
      // 503, too many streams: browsers leave coming again to us.
      source = null;
      tell("full");
      timer = setTimeout(open, retry * (0.75 + Math.random() / 2));
      retry = Math.min(2 * retry, lastRetry);
    });
  }

  document.addEventListener("visibilitychange", () => {
    clearTimeout(timer);
    if (document.hidden) {
      spreader.pause();
      timer = setTimeout(() => {
        close();
        tell("waiting");
      }, hiddenFor);
      return;
    }
    spreader.resume();
    if (!source) open();
  });
  state.on("ci", () => {
    seen = createSeen(idsKept);
    if (!document.hidden) open();
    else close();
  });

  if (document.hidden) spreader.pause();
  open();

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
