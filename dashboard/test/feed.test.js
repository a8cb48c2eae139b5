import assert from "node:assert/strict";
import { test } from "node:test";
import { createFeed, createSeen, read } from "../public/live/feed.js";
import { createJitterBuffer, plan } from "../public/live/buffer.js";
import { fakePage, fakeState } from "./lib/fake.mjs";

// clock puts timers and performance.now on a clock that the test turns.
function clock(t) {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  let now = 0;
  t.mock.method(performance, "now", () => now);
  return (ms) => {
    for (let i = 0; i < ms; i++) {
      now++;
      t.mock.timers.tick(1);
    }
    return now;
  };
}

test("a burst goes out evenly over a second, in order", (t) => {
  const pass = clock(t);
  const out = [];
  const buffer = createJitterBuffer((item) => out.push([item, performance.now()]));
  for (let i = 0; i < 10; i++) buffer.push(i);
  assert.equal(out.length, 0);
  pass(1100);
  assert.deepEqual(out.map(([item]) => item), [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  const gaps = out.slice(1).map(([, at], i) => at - out[i][1]);
  assert.ok(gaps.every((gap) => gap >= 98 && gap <= 102), String(gaps));
});

test("what is left of a burst goes out before the next one, and little waits", (t) => {
  const pass = clock(t);
  const out = [];
  const buffer = createJitterBuffer((item) => out.push(item));
  for (let i = 0; i < 4; i++) buffer.push(i);
  pass(500);
  for (let i = 4; i < 8; i++) buffer.push(i);
  pass(1100);
  assert.deepEqual(out, [0, 1, 2, 3, 4, 5, 6, 7]);
  for (let i = 0; i < 1000; i++) buffer.push(i);
  assert.equal(buffer.waiting, 200);
});

test("what is cleared does not go out, what comes then does", (t) => {
  const pass = clock(t);
  const out = [];
  const buffer = createJitterBuffer((item) => out.push(item));
  for (let i = 0; i < 300; i++) buffer.push(i);
  buffer.clear();
  pass(1100);
  assert.deepEqual(out, []);
  buffer.push(1);
  pass(1100);
  assert.deepEqual(out, [1]);
});

test("a plan begins at once and ends within the second", () => {
  assert.deepEqual(plan(4), [0, 250, 500, 750]);
  assert.deepEqual(plan(0), []);
});

test("an id is known until so many others came", () => {
  const seen = createSeen(2);
  assert.deepEqual(["a", "b", "a", "c", "b", "a"].map(seen), [false, false, true, false, true, false]);
});

// feedOn opens a feed on a page; streams are those that it opened.
function feedOn(t) {
  const streams = [];
  globalThis.EventSource = class {
    static CLOSED = 2;
    readyState = 1;
    listeners = {};
    constructor() {
      streams.push(this);
    }
    addEventListener(type, fn) {
      this.listeners[type] = fn;
    }
    close() {
      this.readyState = 2;
    }
    refuse() {
      this.readyState = 2;
      this.listeners.error();
    }
  };
  t.after(() => delete globalThis.EventSource);
  const state = fakeState({ ci: "1" });
  const feed = createFeed({ state });
  return { feed, state, streams, open: () => streams.filter(({ readyState }) => readyState !== 2).length };
}

test("a hidden page gives its stream back after a minute, one opened in the background too", async (t) => {
  const page = fakePage(t);
  page.document.hidden = true;
  const { feed, streams, open } = feedOn(t);
  streams[0].listeners.open();
  await page.pass(59_000);
  assert.equal(open(), 1);
  await page.pass(2_000);
  assert.equal(open(), 0);
  assert.equal(feed.status, "waiting");
  assert.equal(page.timers, 0);
  page.hide(false);
  assert.equal(open(), 1);
  await page.pass(3_600_000);
  assert.equal(open(), 1);
});

test("a stream that is refused while hidden is opened when looked at, and stays", async (t) => {
  const page = fakePage(t);
  const { feed, streams, open } = feedOn(t);
  streams[0].listeners.open();
  await page.pass(10_000);
  page.hide(true);
  await page.pass(10_000);
  streams[0].refuse();
  await page.pass(20_000);
  assert.equal(streams.length, 1, "a hidden page tries again");
  page.hide(false);
  streams[1].listeners.open();
  await page.pass(3_600_000);
  assert.equal(feed.status, "live");
  assert.equal(open(), 1);
});

test("a stream that is refused is opened again after a while, not in a page hidden since", async (t) => {
  const page = fakePage(t);
  const { feed, streams, open } = feedOn(t);
  streams[0].refuse();
  assert.equal(feed.status, "full");
  await page.pass(2_500);
  assert.equal(streams.length, 2);
  streams[1].refuse();
  page.hide(true);
  await page.pass(3_600_000);
  assert.equal(streams.length, 2);
  page.hide(false);
  assert.equal(open(), 1);
});

test("a stream that is for users only says so, and the community's is opened", async (t) => {
  const page = fakePage(t);
  const asked = t.mock.method(globalThis, "fetch", async () => new Response("", { status: 403 }));
  const { feed, state, streams } = feedOn(t);
  state.set({ ci: "0" });
  streams.at(-1).refuse();
  await page.pass(100);
  assert.equal(feed.status, "users");
  assert.deepEqual(asked.mock.calls.map(({ arguments: [url, { method }] }) => [method, url]), [["HEAD", "/alert/stream?ci=0"]]);
  state.set({ ci: "1" });
  streams.at(-1).listeners.open();
  assert.equal(feed.status, "live");
});

test("alerts that come while the page is hidden are left out, those after are not", async (t) => {
  const page = fakePage(t);
  const { feed, streams } = feedOn(t);
  const out = [];
  feed.on("alert", ({ id }) => out.push(id));
  const say = (id) => streams[0].listeners.alert({ data: JSON.stringify({ id }) });
  page.hide(true);
  say("a");
  await page.pass(5_000);
  page.hide(false);
  say("b");
  await page.pass(2_000);
  assert.deepEqual(out, ["b"]);
});

test("what the stream should not say is left out", () => {
  const count = (data) => read("count", JSON.stringify(data));
  assert.deepEqual(count({ from: 1764428000, counts: [0, 3, 12] }), { from: 1764428000, counts: [0, 3, 12] });
  for (const wrong of [
    null, 7, "x", [], {}, { from: 1 }, { counts: [1] }, { from: -1, counts: [1] }, { from: 1.5, counts: [1] }, { from: "1", counts: [1] },
    { from: 1e300, counts: [1] }, { from: 1, counts: [] }, { from: 1, counts: [-1] }, { from: 1, counts: [1, null] }, { from: 1, counts: ["2"] },
    { from: 1, counts: [0.5] }, { from: 1, counts: { length: 1, 0: 1 } }, { from: 1, counts: Array(3601).fill(0) },
  ]) assert.equal(count(wrong), null, JSON.stringify(wrong).slice(0, 80));
  assert.equal(read("count", '{"from":1,"counts":[1e999]}'), null);
  assert.equal(read("count", '{"from":1,"cou'), null);
  assert.equal(read("count", ""), null);

  assert.deepEqual(read("rate", '{"perSecond":120.5,"shown":50}'), { perSecond: 120.5, shown: 50 });
  for (const wrong of ["{}", '{"perSecond":-1,"shown":0}', '{"perSecond":"9","shown":0}', '{"perSecond":1e999,"shown":0}', "null"]) {
    assert.equal(read("rate", wrong), null, wrong);
  }
  assert.deepEqual(read("store", '{"available":false}'), { available: false });
  for (const wrong of ["{}", '{"available":"no"}', '{"available":0}', "false"]) assert.equal(read("store", wrong), null, wrong);
  assert.equal(read("alert", '{"id":7}'), null);
});

test("a store that the server cannot read is no live stream, until it can or another opens", async (t) => {
  fakePage(t);
  const { feed, state, streams } = feedOn(t);
  const said = [];
  feed.on("status", (status) => said.push(status));
  const store = (available) => streams.at(-1).listeners.store({ data: JSON.stringify({ available }) });
  streams[0].listeners.open();
  store(false);
  store(false);
  store(true);
  store(false);
  streams[0].listeners.error(); // the browser connects again
  streams[0].listeners.open();
  store(false);
  state.set({ ci: "0" });
  streams[1].listeners.open();
  assert.deepEqual(said, ["live", "down", "live", "down", "waiting", "live", "down", "connecting", "live"]);
});

test("counts and rates are passed on, and each stream begins without a rate", (t) => {
  fakePage(t);
  const { feed, streams } = feedOn(t);
  const said = [];
  feed.on("count", (count) => said.push(count));
  feed.on("rate", (rate) => said.push(rate));
  const say = (type, data) => streams[0].listeners[type]({ data: JSON.stringify(data) });
  streams[0].listeners.open();
  say("count", { from: 10, counts: [1, 2] });
  say("count", { from: 12, counts: [-1] });
  say("rate", { perSecond: 3.5, shown: 3.5 });
  streams[0].listeners.error();
  streams[0].listeners.open();
  assert.deepEqual(said, [{ perSecond: 0, shown: 0 }, { from: 10, counts: [1, 2] }, { perSecond: 3.5, shown: 3.5 }, { perSecond: 0, shown: 0 }]);
});
