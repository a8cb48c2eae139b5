// The parts of the page, by the figures and rows that they show.

import assert from "node:assert/strict";
import { test } from "node:test";
import { mountCounters } from "../public/counters.js";
import { mountLatest } from "../public/latest.js";
import { mountPrivate } from "../public/private.js";
import { mountReplay } from "../public/replay.js";
import { fakeFeed, fakePage, fakeState } from "./lib/fake.mjs";

// counting mounts counters of a server that has ten alerts a second, of which the
// stream tells some.
function counting(t, shown) {
  const page = fakePage(t);
  const feed = fakeFeed();
  const list = page.element();
  const answer = () => ({ AlertsLastMinute: 600, AlertsLast5Minutes: 3000, AlertsLastHour: 36_000, AlertsLast24Hours: 864_000 });
  const api = { get: () => new Promise((resolve) => { setTimeout(() => resolve(answer()), 10); }) };
  const counters = mountCounters(list, page.element(), { api, state: fakeState(), feed });
  feed.say("rate", { perSecond: 10, shown });
  setInterval(() => { if (!document.hidden) feed.say("alert", {}); }, 100);
  return {
    page,
    counters,
    // right fails unless every window has what it must, nearly.
    right(when) {
      const figures = list.all("dd").slice(1).map((dd) => Number(dd.textContent.replaceAll(",", "")));
      assert.deepEqual(figures.map((n, i) => Math.abs(n - [600, 3000, 36_000, 864_000][i]) <= 250), [true, true, true, true], `${when}: ${figures}`);
    },
  };
}

for (const shown of [10, 5]) {
  test(`counters are right at once after an absence, when ${shown} of 10 are shown`, async (t) => {
    const { page, counters, right } = counting(t, shown);
    counters.start();
    await page.pass(60_000);
    right("after a minute");
    counters.stop();
    await page.pass(600_000);
    counters.start();
    await page.pass(1_000);
    right("after ten minutes on another tab");
    counters.stop();
    await page.pass(5_000);
    counters.start();
    await page.pass(100);
    right("after a moment on another tab");
    page.hide(true);
    await page.pass(600_000);
    page.hide(false);
    await page.pass(1_000);
    right("after ten hidden minutes");
    await page.pass(14_000);
    right("15 seconds later");
  });
}

// alertsTo are the newest of a list that ends with number n, one a second.
const alertsTo = (n) => Array.from({ length: 40 }, (_, i) => ({
  id: String(n - i), requestString: `no. ${n - i};`, country: "DE", targetCountry: "DE", analyzerType: "x",
  dateCreated: new Date((n - i) * 1000).toISOString().slice(0, 19).replace("T", " "),
}));

test("the list has no gap after the page was hidden, and stays in order", async (t) => {
  const page = fakePage(t);
  const feed = fakeFeed();
  const section = page.element();
  let newest = 100;
  const api = { get: () => new Promise((resolve) => { setTimeout(() => resolve({ alerts: alertsTo(newest) }), 30); }) };
  const latest = mountLatest(section, page.element(), { api, state: fakeState(), feed });
  const rows = () => section.all("ol")[0].children.map((li) => Number(/no\. (\d+);/.exec(li.textContent)[1]));
  const downFrom = (n) => Array.from({ length: 40 }, (_, i) => n - i);
  latest.start();
  await page.pass(1_000);
  assert.deepEqual(rows(), downFrom(100));

  page.hide(true);
  await page.pass(600_000);
  newest = 120;
  page.hide(false);
  feed.say("alert", alertsTo(121)[0]); // the stream is there before the answer
  await page.pass(2_000);
  assert.deepEqual(rows(), downFrom(121));

  // The stream breaks: the next answer has what it did not tell.
  newest = 125;
  feed.say("alert", alertsTo(126)[0]);
  await page.pass(61_000);
  assert.deepEqual(rows(), downFrom(126));
});

test("the replay plays and asks only while its tab is shown", async (t) => {
  const page = fakePage(t);
  const now = Date.parse("2026-11-26T10:00:00Z");
  const asked = [];
  const api = {
    now: () => now,
    async get(path) {
      asked.push(path);
      if (path.endsWith("replayDay")) return { alerts: Array(288).fill(1) };
      return path.endsWith("replay") ? { alerts: [] } : [];
    },
  };
  const state = fakeState({ view: "replay", ci: "1", day: "", at: "0" });
  const section = page.element();
  const replay = mountReplay(section, { api, state, WorldMap: class { clear() {} setHeat() {} } });
  await page.pass(1_000);
  assert.deepEqual(asked, [], "it asks before it is shown");

  replay.start();
  await page.pass(100);
  const play = section.all("button").find((button) => button.textContent === "Play");
  play.listeners.click();
  await page.pass(2_000);
  assert.ok(Number(state.get("at")) > 0);
  replay.stop(); // the wall comes, and the view stays what it was
  const at = state.get("at");
  asked.length = 0;
  state.set({ ci: "0" });
  await page.pass(10_000);
  assert.equal(page.timers, 0);
  assert.equal(state.get("at"), at);
  assert.deepEqual(asked, []);
});

test("the replay goes by the server's day, also when it tells it late", async (t) => {
  const page = fakePage(t);
  let now = Date.parse("2026-11-28T10:00:00Z"); // the browser's, two days ahead
  const asked = [];
  const api = {
    now: () => now,
    async get(path, { day, offset }) {
      asked.push([path.slice("/alert/".length), day ?? offset]);
      now = Date.parse("2026-11-26T10:00:00Z");
      if (path.endsWith("replayDay")) return { alerts: Array(288).fill(1) };
      return path.endsWith("replay") ? { alerts: [] } : [];
    },
  };
  const state = fakeState({ ci: "1", day: "", at: "0" });
  const replay = mountReplay(page.element(), { api, state, WorldMap: class { clear() {} setHeat() {} } });
  replay.start();
  await page.pass(100);
  const days = asked.filter(([path]) => path !== "replay");
  assert.deepEqual(days.slice(-2), [["replayDay", "20261126"], ["retrieveLatLonAttacks", 0]]);
});

test("the private pages ask only while their tab is shown", async (t) => {
  const page = fakePage(t);
  const asked = [];
  const api = {
    session: { user: "analyst" }, now: () => 0, logInRefused: () => "", onSession() {},
    async privateGet(path) {
      asked.push(path);
      return { sensors: [] };
    },
  };
  const part = mountPrivate(page.element(), { api, state: fakeState({ view: "private", page: "sensors" }) });
  await page.pass(600_000);
  assert.deepEqual(asked, []);
  part.start();
  await page.pass(1_000);
  assert.deepEqual(asked, ["/alert/sensors"]);
  part.stop();
  asked.length = 0;
  await page.pass(600_000);
  assert.deepEqual(asked, []);
  assert.equal(page.timers, 0);
});
