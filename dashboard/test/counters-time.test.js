// The counters after absences, when clocks are set, and for those who log out.

import assert from "node:assert/strict";
import { test } from "node:test";
import { counting, epoch, hour } from "./lib/counting.mjs";

test("figures from before an absence are not shown again", async (t) => {
  const { server, page, counters, unknown, right, texts } = counting(t);
  for (let s = -4000; s < 60; s++) server.arrive(epoch + s, 3);
  counters.start();
  await page.pass(20_000);
  server.lose();
  page.hide(true);
  await page.pass(2 * hour * 1000);
  page.hide(false);
  unknown(/^$/, "after two hours in the background");
  await page.pass(500);
  right("with an answer");
  counters.stop();
  await page.pass(2 * hour * 1000);
  counters.start();
  unknown(/^$/, "after two hours on another tab");
  await page.pass(500);
  right("with another answer");
  assert.notEqual(texts()[3], "–");
});

test("an answer from before the machine slept is not shown when the stream is back", async (t) => {
  const { server, page, counters, unknown, right } = counting(t);
  for (let s = -4000; s < 8000; s++) server.arrive(epoch + s, 3);
  counters.start();
  await page.pass(20_000);
  server.lose();
  server.ahead = 2 * hour;
  const { now } = server.api;
  server.api.now = () => now() - 2 * hour * 1000; // the browser's clock stood still
  server.open();
  await page.pass(1000);
  right("a moment later");
  server.api.now = now;
  counters.stop();
  server.lose();
  server.ahead = 4 * hour;
  server.open();
  server.fails = new Error("no network yet");
  await page.pass(1000);
  counters.start();
  unknown(/^$/, "before there is an answer");
});

test("a server whose clock is set back is followed", async (t) => {
  const { server, page, counters, right, fresh, second, each } = counting(t);
  for (let s = -2 * hour; s < 300; s++) server.arrive(epoch + s, 3);
  counters.start();
  await page.pass(20_000);
  server.lose();
  server.ahead = -hour;
  await page.pass(30_000);
  right("with the question alone");
  assert.ok(Math.abs(server.now() - second()) < 31);
  server.open();
  await page.pass(2000);
  await each(30, (when) => {
    right(when);
    fresh(when);
  });
});

test("an answer that is ahead of the stream does not take back what came late", async (t) => {
  const { server, page, counters, numbers, right } = counting(t);
  for (let s = -300; s < 200; s++) server.arrive(epoch + s, 10, { late: 4 });
  await page.pass(560); // the answer comes before the stream's next event
  counters.start();
  await page.pass(3000);
  let before = 0;
  for (let i = 0; i < 6000; i++) {
    await page.pass(10);
    assert.ok(numbers()[3] >= before, `after ${i * 10} ms the day falls from ${before} to ${numbers()[3]}`);
    before = numbers()[3];
  }
  await page.pass(100);
  right("in the end");
});

test("log-out drops what was counted of private users' alerts", async (t) => {
  const { server, page, counters, unknown, right } = counting(t);
  for (let s = -400; s < 400; s++) {
    server.arrive(epoch + s, 9);
    server.arrive(epoch + s, 1, { ci: "0" });
  }
  server.lose("users");
  server.state.set({ ci: "0" });
  counters.start();
  await page.pass(20_000);
  right("logged in");
  server.fails = new Error("users only");
  server.endSession();
  unknown(/^$/, "at once");
  await page.pass(500);
  unknown(/users only/, "afterwards");
  server.fails = null;
  server.state.set({ ci: "1" });
  await page.pass(20_000);
  server.fails = new Error("away");
  server.endSession();
  right("of the community");
});
