// A server in miniature: alerts that arrive, its answers and its stream.

import assert from "node:assert/strict";
import { fakeFeed, fakePage, fakeState } from "./fake.mjs";

export const epoch = 1_764_428_000; // the second at which a test begins

const members = { AlertsLastMinute: 60, AlertsLast5Minutes: 300, AlertsLastHour: 3600, AlertsLast24Hours: 86400 };
const told = 300; // seconds that the stream opens with
const kept = 600; // seconds that it looks back over

// createTraffic plays a server whose stream is up from the beginning. Alerts are of
// domain "1" if nothing else is said.
export function createTraffic(t) {
  const page = fakePage(t);
  const feed = fakeFeed();
  const state = fakeState({ ci: "1" });
  const alerts = new Map(); // by second: [{n, seen: the moment since which the store has them, ci}]
  const now = () => epoch + server.ahead + performance.now() / 1000;
  const settled = () => Math.floor(now() - 0.5);
  const countOf = (second) => (alerts.get(second) ?? []).reduce((sum, { n, seen, ci }) =>
    (ci === state.get("ci") && seen <= now() ? sum + n : sum), 0);
  const count = (from, to) => [...alerts.keys()].reduce((sum, second) =>
    (second >= from && second < to ? sum + countOf(second) : sum), 0);

  const cached = {};
  let stream = null; // what its client knows
  // answer is what it answers instead, fails the error, behind how old its counts are, and
  // ahead how far its clock was set.
  const server = { answer: null, fails: null, behind: 0, ahead: 0, asked: 0 };
  const sessions = [];

  function answer(path, params) {
    assert.deepEqual([path, params], ["/alert/retrieveAlertStats", { until: "second" }]);
    const ci = state.get("ci");
    if (!cached[ci] || Math.abs(now() - cached[ci].at) >= 13) {
      const until = settled() - server.behind;
      const counts = Object.fromEntries(Object.entries(members).map(([name, seconds]) => [name, count(until - seconds, until)]));
      cached[ci] = { at: now(), stats: { ...counts, until: new Date(until * 1000).toISOString().slice(0, 19).replace("T", " ") } };
    }
    return cached[ci].stats;
  }

  // deliver is a round of the stream: from the first second that is new or has another
  // count, as long as there was an alert in the last 300 seconds.
  function deliver() {
    const to = settled();
    const first = stream.known.size === 0;
    const from = first ? to - told : Math.min(stream.to, ...[...stream.known].filter(([s, n]) => countOf(s) !== n).map(([s]) => s));
    const recent = count(to - told, to);
    if (!first && (from === to || (recent === 0 && stream.quiet))) return;
    const counts = Array.from({ length: to - from }, (_, i) => countOf(from + i));
    counts.forEach((n, i) => stream.known.set(from + i, n));
    for (const s of stream.known.keys()) if (s < to - kept) stream.known.delete(s);
    Object.assign(stream, { to, quiet: recent === 0 });
    feed.say("count", { from, counts });
  }

  Object.assign(server, {
    page, feed, state, count, now,
    api: {
      now: () => now() * 1000,
      onSession: (fn) => sessions.push(fn),
      get(path, params) {
        server.asked++;
        return new Promise((resolve, reject) => {
          setTimeout(() => (server.fails ? reject(server.fails) : resolve(server.answer ?? answer(path, params))), 20);
        });
      },
    },
    // arrive has n alerts arrive in a second, which the store has some seconds later.
    arrive(second, n, { late = 0, ci = "1" } = {}) {
      alerts.set(second, [...(alerts.get(second) ?? []), { n, seen: second + late, ci }]);
    },
    open() {
      stream = { known: new Map(), to: 0, quiet: false };
      feed.say("status", "live");
    },
    endSession: () => sessions.forEach((fn) => fn(null)),
    lose(status = "waiting") {
      stream = null;
      feed.say("status", status);
    },
  });
  setTimeout(() => setInterval(() => stream && feed.status === "live" && deliver(), 1000), 650);
  server.open();
  return server;
}
