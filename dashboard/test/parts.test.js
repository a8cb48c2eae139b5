// The parts of the page, by the figures and rows that they show.

import assert from "node:assert/strict";
import { test } from "node:test";
import { mountLatest } from "../public/live/latest.js";
import { mountPrivate } from "../public/private/private.js";
import { mountReplay } from "../public/replay/replay.js";
import { createQuestions } from "../public/lib/questions.js";
import { fakeApi, fakeFeed, fakeMap, fakePage, fakeState } from "./lib/fake.mjs";

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
  const api = fakeApi(() => new Promise((resolve) => { setTimeout(() => resolve({ alerts: alertsTo(newest) }), 30); }));
  const state = fakeState();
  const latest = mountLatest(section, page.element(), { questions: createQuestions({ api, state }), state, feed });
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

test("private alerts that somebody logged in to see do not stay after log-out", async (t) => {
  const page = fakePage(t);
  const feed = fakeFeed();
  const [section, replayed] = [page.element(), page.element()];
  let users = true;
  const now = Date.parse("2026-11-26T10:00:00Z");
  const api = fakeApi((name) => {
    if (!users) throw new Error("users only");
    return { alerts: name === "replayDay" ? Array(288).fill(7) : alertsTo(100), places: [] };
  }, now);
  const state = fakeState({ view: "replay", ci: "0", day: "", at: "0" });
  const latest = mountLatest(section, page.element(), { questions: createQuestions({ api, state }), state, feed });
  const replay = mountReplay(replayed, { api, state, createWorldMap: () => fakeMap() });
  const rows = () => section.all("ol")[0].children.length;
  latest.start();
  replay.start();
  await page.pass(1_000);
  assert.equal(rows(), 40);
  assert.match(replayed.textContent, /2,016 on this day/);
  replay.stop();
  feed.say("alert", alertsTo(101)[0]);
  users = false;
  api.endSession();
  assert.equal(rows(), 0);
  await page.pass(5_000);
  assert.equal(rows(), 0);
  assert.match(section.textContent, /Users only/);
  replay.start();
  await page.pass(1_000);
  assert.doesNotMatch(replayed.textContent, /2,016|7 alerts/);
  assert.match(replayed.textContent, /users only/i);
});

test("the replay plays and asks only while its tab is shown", async (t) => {
  const page = fakePage(t);
  const now = Date.parse("2026-11-26T10:00:00Z");
  const api = fakeApi((name) => ({ alerts: name === "replayDay" ? Array(288).fill(1) : [] }), now);
  const { asked } = api;
  const state = fakeState({ view: "replay", ci: "1", day: "", at: "0" });
  const section = page.element();
  const replay = mountReplay(section, { api, state, createWorldMap: () => fakeMap() });
  await page.pass(1_000);
  assert.deepEqual(asked, [], "it asks before it is shown");

  replay.start();
  await page.pass(100);
  const play = section.all("button").find((button) => button.textContent === "Play");
  play.listeners.click();
  await page.pass(2_000);
  assert.ok(Number(state.get("at")) > 0);
  replay.stop(); // kiosk mode begins, and the view stays what it was
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
  const asked = [];
  const api = fakeApi((name, { day, to }) => {
    asked.push([name, day ?? to]);
    api.time = Date.parse("2026-11-26T10:00:00Z");
    return { replayDay: { alerts: Array(288).fill(1) }, replay: { alerts: [] }, replayPlaces: { places: [] } }[name];
  });
  api.time = Date.parse("2026-11-28T10:00:00Z"); // the browser's, two days ahead
  const state = fakeState({ ci: "1", day: "", at: "7200" });
  const replay = mountReplay(page.element(), { api, state, createWorldMap: () => fakeMap() });
  replay.start();
  await page.pass(100);
  const days = asked.filter(([path]) => path !== "replay");
  assert.deepEqual(days.slice(-2), [["replayDay", "20261126"], ["replayPlaces", "2026-11-26 02:00:00"]]);
});

// replaying shows a replay that has come to ten on a day at 12:00 of the next; answer
// gives what the server says otherwise than usual.
async function replaying(t, answer = () => undefined) {
  const page = fakePage(t);
  const counts = Array.from({ length: 288 }, (_, step) => (step >= 120 ? 40 : 0));
  const usual = {
    replayDay: { alerts: counts, keptFrom: "2026-10-29 12:00:00" },
    replay: { count: 40, alerts: [{ id: "a", dateCreated: "2026-11-25 10:00:01", sourceLat: "50", sourceLng: "8" }] },
    replayPlaces: { places: [{ lat: "1", lng: "1", count: 9 }] },
  };
  const api = fakeApi((name, params) => answer(name, params) ?? usual[name], Date.parse("2026-11-26T12:00:00Z"));
  const state = fakeState({ ci: "1", day: "20261125", at: "36000" });
  const section = page.element();
  const seen = { heat: [] };
  const replay = mountReplay(section, { api, state, createWorldMap: () => fakeMap({ setHeat: (heat) => { seen.heat = heat; } }) });
  replay.start();
  await page.pass(100);
  const button = (text) => section.all("button").find((b) => b.textContent === text);
  return {
    page, api, state, seen, section, counts, replay,
    press: (text) => button(text).listeners.click(),
    glow: () => seen.heat.map(({ lat, count }) => `${lat}: ${count}`),
    words: () => section.withClass("replay-status")[0].all("p")[0].textContent,
    figures: () => section.withClass("replay-now")[0].all("p")[1].textContent.trim(),
    asked: (name) => api.asked.filter((question) => question.startsWith(`${name}?`)),
  };
}

test("a replay glows up to its moment, and less after going back", async (t) => {
  const { page, state, glow, press, asked } = await replaying(t, (name, { to }) => name === "replayPlaces" && {
    places: [{ lat: "1", lng: "1", count: Number(to.slice(11, 13)) }],
  } || undefined);
  assert.deepEqual(glow(), ["1: 10"]);
  press("Play");
  await page.pass(2_000);
  assert.deepEqual(glow(), ["50: 40", "1: 10"], "what is replayed stands for all of its five minutes");
  press("Pause");
  state.set({ at: "7300" });
  assert.deepEqual(glow(), [], "the glow of later is seen");
  await page.pass(100);
  assert.deepEqual(glow(), ["1: 2"]);
  assert.deepEqual(asked("replayPlaces"), ["replayPlaces?ci=1&to=2026-11-25+10%3A00%3A00", "replayPlaces?ci=1&to=2026-11-25+02%3A00%3A00"]);
  assert.deepEqual(asked("retrieveLatLonAttacks"), []);
});

test("a replay that plays on takes what the server has counted since", async (t) => {
  const { page, press, asked, glow } = await replaying(t, (name, { to }) => name === "replayPlaces" && {
    places: [{ lat: "1", lng: "1", count: Number(to.slice(11, 13)) }],
  } || undefined);
  press("Play");
  await page.pass(59_000);
  assert.equal(asked("replayPlaces").length, 1);
  await page.pass(3_000);
  assert.equal(asked("replayPlaces").length, 2);
  press("Pause");
  assert.deepEqual(glow(), ["1: 11"]);
});

test("a day's figures state their age", async (t) => {
  const { section, figures } = await replaying(t);
  assert.equal(figures(), "40 alerts in 5 minutes 6,720 on this day · as of 12:00 UTC");
  assert.equal(section.withClass("replay")[0].dataset.asOf, String(Date.parse("2026-11-26T12:00:00Z") / 1000));
});

test("a day that could not be loaded has no figures, and says why", async (t) => {
  let down = true;
  const { page, figures, words, press, section } = await replaying(t, () => {
    if (down) throw new Error("the store is unavailable");
  });
  assert.match(words(), /could not be loaded: the store is unavailable/);
  assert.equal(figures(), "");
  assert.doesNotMatch(section.all("input")[1].attributes["aria-valuetext"], /alerts/);
  down = false;
  press("Try again");
  await page.pass(100);
  assert.match(figures(), /^40 alerts in 5 minutes 6,720 on this day/);
  assert.equal(words(), "");
});

test("places that could not be loaded are told of, and asked for again", async (t) => {
  let down = true;
  const { page, words, glow, press } = await replaying(t, (name) => {
    if (down && name === "replayPlaces") throw new Error("the store is unavailable");
  });
  assert.match(words(), /could not be loaded: the store is unavailable/);
  down = false;
  press("Try again");
  await page.pass(100);
  assert.deepEqual([words(), glow()], ["", ["1: 9"]]);
});

test("days older than the server keeps are told apart from those without alerts", async (t) => {
  const none = Array(288).fill(0);
  const said = async (keptFrom, alerts) => {
    const { words, figures, replay } = await replaying(t, (name) => (name === "replayDay" ? { alerts, keptFrom } : undefined));
    replay.stop();
    return [words(), figures()];
  };
  assert.deepEqual(await said("2026-11-26 00:00:00", none), ["Older than the server keeps: alerts are kept for 12 hours.", ""]);
  assert.deepEqual(await said("2026-11-20 12:00:00", none), ["No alerts on this day.", "0 alerts in 5 minutes 0 on this day · as of 12:00 UTC"]);
  assert.deepEqual(await said("2026-11-25 12:00:00", Array(288).fill(1)), [
    "Alerts before 12:00:00 UTC are older than the server keeps: alerts are kept for 1 day.",
    "1 alert in 5 minutes 288 on this day · as of 12:00 UTC",
  ]);

  // At its end, too, such a day was not the whole day.
  const { section, words } = await replaying(t, (name) => (name === "replayDay" ? { alerts: none, keptFrom: "2026-11-26 00:00:00" } : undefined));
  const slider = section.all("input")[1];
  slider.value = "86400";
  slider.listeners.input();
  assert.equal(words(), "Older than the server keeps: alerts are kept for 12 hours.");
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
