// The counters, beside a server whose alerts are known one by one.

import assert from "node:assert/strict";
import { test } from "node:test";
import { createArrivals } from "../public/live/arrivals.js";
import { figuresOf, readStats } from "../public/live/counters.js";
import { counting, day, epoch, hour } from "./lib/counting.mjs";

test("an idle server's figures stay what they are", async (t) => {
  const { server, counters, each, right, numbers } = counting(t);
  server.arrive(epoch - 3 * hour, 5460);
  counters.start();
  await each(900, (when) => {
    right(when);
    assert.deepEqual(numbers(), [0, 0, 0, 5460], when);
  });
});

test("a burst is counted at once, and stays", async (t) => {
  const { server, page, counters, each, right, fresh, numbers } = counting(t);
  server.arrive(epoch - 5 * hour, 200);
  for (let s = 20; s < 40; s++) server.arrive(epoch + s, 305);
  counters.start();
  await page.pass(5000);
  let before = 0;
  await each(60, (when) => {
    right(when);
    assert.ok(numbers()[3] >= before, `${when}: the day falls`);
    before = numbers()[3];
  });
  fresh("after the burst");
  assert.deepEqual(numbers(), [6100, 6100, 6100, 6300]);
  await each(400, right);
  assert.deepEqual(numbers(), [0, 0, 6100, 6300]);
});

test("a server's first hour is its day too", async (t) => {
  const { server, page, counters, each, right, fresh, numbers } = counting(t);
  for (let s = -200; s < 200; s++) server.arrive(epoch + s, 3 + (s & 7), { late: s % 5 === 0 ? 3 : 0 });
  counters.start();
  await page.pass(2000);
  await each(120, (when) => {
    fresh(when);
    const [one, five, ofHour, ofDay] = numbers();
    assert.equal(ofHour, ofDay, when);
    assert.ok(one <= five && five <= ofHour, `${when}: ${numbers()}`);
  });
  await page.pass(200_000);
  right("when nothing comes any more");
});

test("a stream of which a part is shown is counted whole", async (t) => {
  const { server, page, counters, each, right, fresh, texts } = counting(t);
  for (let s = -400; s < 100; s++) server.arrive(epoch + s, 2000);
  counters.start();
  await page.pass(2000);
  await each(60, (when) => {
    server.feed.say("rate", { perSecond: 2000, shown: 50 });
    for (let i = 0; i < 50; i++) server.feed.say("alert", { id: `${when}-${i}` });
    right(when);
    fresh(when);
  });
  assert.deepEqual(texts().slice(0, 2), ["120,000", "600,000"]);
});

test("late alerts are counted once, when the stream reports them", async (t) => {
  const { server, page, counters, each, right, numbers } = counting(t);
  for (let s = -350; s < 100; s++) server.arrive(epoch + s, 10);
  server.arrive(epoch + 5, 1000, { late: 20.1 }); // behind the answer that counted its second
  server.arrive(epoch + 30, 1000, { late: 9.1 });
  server.arrive(epoch - 200, 1000, { late: 240.1 });
  counters.start();
  await page.pass(2000);
  await each(30, right);
  assert.equal(numbers()[3], server.count(0, epoch + 31));
  assert.ok(numbers()[0] > 1500);
  await each(80, right);
  assert.equal(numbers()[3], 4500 + 3000);
});

test("without a stream the server's counts stand alone, and with it they go on", async (t) => {
  const { server, page, counters, each, right, fresh, second } = counting(t);
  for (let s = -4000; s < 400; s++) server.arrive(epoch + s, s & 15);
  server.lose("connecting");
  counters.start();
  await page.pass(100);
  right("without a stream");
  server.open();
  await page.pass(2000);
  fresh("with a stream");
  await each(40, right);
  server.lose();
  let before = second();
  await each(100, (when) => {
    right(`${when} without the stream`);
    assert.ok(second() >= before && server.now() - second() < 31, `${when}: ${server.now() - second()} seconds old`);
    before = second();
  });
  server.open();
  await page.pass(1000);
  await each(40, (when) => {
    right(`${when} after the loss`);
    fresh(when);
  });
});

test("while the server cannot read its store there are no figures", async (t) => {
  const { server, page, counters, unknown, each, right, fresh, parts } = counting(t);
  for (let s = -400; s < 400; s++) server.arrive(epoch + s, 7);
  counters.start();
  await page.pass(20_000);
  server.feed.say("rate", { perSecond: 7, shown: 7 });
  assert.equal(parts.list.all("span")[0].textContent, "7");
  right("before");
  server.feed.say("status", "down");
  unknown(/cannot read its database/, "at once");
  assert.equal(parts.list.all("span")[0].textContent, "–");
  await each(20, (when) => unknown(/cannot read its database/, when));
  server.fails = new Error("the store is away");
  await each(100, (when) => unknown(/cannot read its database/, when));
  server.fails = null;
  t.mock.method(Math, "random", () => 0.9);
  server.feed.say("status", "live");
  await page.pass(2000);
  assert.deepEqual(parts.list.all("dd").slice(1).map((dd) => dd.textContent), ["–", "–", "–", "–"], "all pages ask at the same moment");
  await page.pass(1000);
  right("in the end");
  page.hide(true);
  server.feed.say("status", "down");
  page.hide(false);
  unknown(/cannot read its database/, "as soon as it is seen");
  server.feed.say("status", "live");
  await each(20, (when) => {
    right(when);
    fresh(when);
  });
});

test("a question that fails, and an answer that is too old, say why there are no figures", async (t) => {
  const { server, page, counters, unknown, right, parts } = counting(t);
  server.arrive(epoch - 10, 5);
  server.fails = new Error("the store is <b>away</b>\u202e");
  counters.start();
  await page.pass(1000);
  unknown(/^No figures are available: the store is <b>away<\/b>\\u\{202e\}\.$/, "failure");
  server.fails = null;
  await page.pass(60_000);
  right("after the failure");
  server.fails = new Error("no");
  await page.pass(16_000);
  unknown(/: no\.$/, "second failure");
  server.fails = null;
  await page.pass(60_000);
  right("after the second failure");

  server.behind = 61;
  await page.pass(30_000);
  unknown(/more than a minute old/, "old");
  server.behind = 0;
  await page.pass(30_000);
  right("after the old answer");
  server.answer = { AlertsLastMinute: 1 };
  await page.pass(30_000);
  unknown(/does not say when/, "no time");
  server.answer = null;
  await page.pass(30_000);
  right("in the end");
  assert.equal(parts.spoken.textContent, "5 alerts in the last hour, 0 in the last minute.");
});

test("after an absence the figures are right, whether the stream was kept or not", async (t) => {
  const { server, page, counters, texts, each, right, fresh } = counting(t);
  for (let s = -4000; s < 3000; s++) server.arrive(epoch + s, 1 + (s & 3));
  counters.start();
  await page.pass(20_000);
  for (const away of [5_000, 40_000, 900_000]) {
    page.hide(true);
    const before = texts();
    const { asked } = server;
    if (away > 60_000) server.lose();
    await page.pass(away);
    assert.deepEqual(texts(), before, "a hidden page draws");
    assert.equal(server.asked, asked, "a hidden page asks");
    page.hide(false);
    if (away > 60_000) server.open();
    await page.pass(1500);
    await each(20, (when) => {
      right(`${when} after ${away}`);
      fresh(when);
    });

    counters.stop();
    await page.pass(away);
    counters.start();
    await page.pass(1500);
    await each(20, (when) => {
      right(`${when} after ${away} on another tab`);
      fresh(when);
    });
  }
});

test("an answer that is older than the last one is left", async (t) => {
  const { server, page, counters, right, second } = counting(t);
  server.arrive(epoch - 100, 5);
  server.lose();
  counters.start();
  await page.pass(20_000);
  const before = second();
  server.behind = 20; // another server of the same store
  await page.pass(20_000);
  right("beside it");
  assert.ok(second() >= before);
});

test("another domain has its own figures, none of the last one's", async (t) => {
  const { server, page, counters, each, right, numbers, unknown } = counting(t);
  for (let s = -400; s < 400; s++) {
    server.arrive(epoch + s, 9);
    server.arrive(epoch + s, 1, { ci: "0" });
  }
  counters.start();
  await page.pass(20_000);
  right("community");
  assert.equal(numbers()[0], 540);
  server.state.set({ ci: "0" });
  unknown(/^$/, "before the first answer");
  server.lose("connecting");
  await page.pass(100);
  right("private, without its stream");
  server.open();
  await each(30, right);
  assert.equal(numbers()[0], 60);
});

test("an answer is taken as far as it can be read", () => {
  assert.equal(readStats(null), null);
  assert.equal(readStats({ AlertsLastMinute: 1, until: "soon" }), null);
  const stats = readStats({ AlertsLastMinute: 1, AlertsLast5Minutes: "2", AlertsLastHour: -3, until: "2025-11-29 14:53:20" });
  assert.deepEqual(stats, { until: epoch, counts: [1, null, null, null] });
  const arrivals = createArrivals();
  arrivals.take(epoch - 299, Array(300).fill(2));
  assert.deepEqual(figuresOf(stats, arrivals), {
    second: epoch + 1, counts: [120, 600, null, null], since: [epoch - 59, epoch - 299, epoch - hour, epoch - day],
  });
});

test("arrivals that do not go back far enough are left", () => {
  const stats = { until: epoch, counts: [1, 2, 3, 4] };
  const alone = { second: epoch, counts: [1, 2, 3, 4], since: [60, 300, hour, day].map((seconds) => epoch - seconds) };
  for (const [from, n] of [[epoch - 10, 20], [epoch + 1, 300], [epoch - 400, 399], [epoch, 0]]) {
    const arrivals = createArrivals();
    arrivals.take(from, Array(n).fill(1));
    assert.deepEqual(figuresOf(stats, arrivals), alone, `${n} seconds from ${from - epoch}`);
  }
});

test("alerts that the server's answer does not know are added to it, not those that the stream does not", () => {
  const longer = (counts, perSecond, from = -300) => {
    const arrivals = createArrivals();
    arrivals.take(epoch + from, Array(310).fill(perSecond));
    return figuresOf({ until: epoch, counts }, arrivals).counts.slice(2);
  };
  assert.deepEqual(longer([60, 300, 4000, 5000], 1), [4010, 5010]);
  assert.deepEqual(longer([55, 290, 3990, 4990], 1), [4010, 5010]);
  assert.deepEqual(longer([70, 333, 4000, 5000], 1), [4010, 5010]);
  assert.deepEqual(longer([55, 290, 3990, 4990], 1, -290), [4015, 5015], "by the minute, when five are not known");
  assert.deepEqual(longer([null, null, 4000, 5000], 1), [4010, 5010]);
});

test("a longer window never has less than a shorter one", () => {
  const arrivals = createArrivals();
  arrivals.take(epoch - 299, [500, ...Array(299).fill(1)]); // 500 that the answer did not know
  const { counts } = figuresOf({ until: epoch, counts: [59, 299, 299, 299] }, arrivals);
  assert.deepEqual(counts, [60, 799, 799, 799]);
});
