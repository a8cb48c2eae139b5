import assert from "node:assert/strict";
import { test } from "node:test";
import { Chunks } from "../public/replay-chunks.js";
import { Player } from "../public/replay-player.js";
import { addDays, clock, dayOf, endOf, isDay, secondOf, startOf, stepText } from "../public/replay-time.js";
import { columns } from "../public/replay-timeline.js";

const now = Date.parse("2026-03-01T12:00:00Z");

test("days are those of UTC", () => {
  assert.equal(dayOf(now), "20260301");
  assert.equal(addDays("20260301", -1), "20260228");
  assert.equal(addDays("20240228", 1), "20240229");
  assert.equal(startOf("20260301"), Date.parse("2026-03-01T00:00:00Z"));
  assert.ok(isDay("20260301", now) && isDay("20251231", now));
  for (const day of ["20260302", "20260230", "20261301", "2026030", ""]) assert.ok(!isDay(day, now), day);
});

test("a day ends with itself, or now", () => {
  assert.equal(endOf("20260228", now), 86400);
  assert.equal(endOf("20260301", now), 12 * 3600 - 5);
  assert.equal(endOf("20260301", startOf("20260301") + 1000), 0);
});

test("moments are written and read", () => {
  assert.equal(clock(0), "00:00:00");
  assert.equal(clock(86399.9), "23:59:59");
  assert.equal(secondOf("2026-03-01 10:20:30"), 37230);
  assert.equal(stepText("20260301", 169), "2026-03-01 14:05:00");
});

test("the histogram's columns reach up to the most, and none is lost", () => {
  assert.equal(columns([0, 50, 100, 1], 3), "M1 100v-50h.8v50zM2 100v-100h.8v100z");
  assert.equal(columns([0, 100000, 1], 3).match(/v-2h/g).length, 1);
  assert.equal(columns([], 0), "");
});

// Server answers when told to.
class Server {
  constructor() {
    this.asked = [];
    this.waiting = new Map();
    this.most = 0;
  }

  load = (step) => {
    this.asked.push(step);
    return new Promise((resolve, reject) => {
      this.waiting.set(step, { resolve, reject });
      this.most = Math.max(this.most, this.waiting.size);
    });
  };

  async answer(step, alerts = []) {
    this.waiting.get(step).resolve({ alerts });
    this.waiting.delete(step);
    await settled();
  }

  async fail(step) {
    this.waiting.get(step).reject(new Error("no"));
    this.waiting.delete(step);
    await settled();
  }
}

const settled = () => new Promise((resolve) => setImmediate(resolve));

test("two chunks are fetched at once, the most urgent first, each once", async () => {
  const server = new Server();
  let changes = 0;
  const chunks = new Chunks(server.load, () => changes++);
  chunks.want([3, 4, 5, 6]);
  assert.deepEqual(server.asked, [3, 4]);
  await server.answer(4);
  assert.deepEqual(server.asked, [3, 4, 5]);
  chunks.want([9, 3]);
  await server.answer(3);
  assert.deepEqual(server.asked, [3, 4, 5, 9]);
  await server.answer(5);
  await server.answer(9);
  chunks.want([3, 4, 5, 9]);
  assert.deepEqual(server.asked, [3, 4, 5, 9]);
  assert.equal(server.most, 2);
  assert.equal(changes, 4);
});

test("what is kept is bounded, and what was used last stays", async () => {
  const server = new Server();
  const chunks = new Chunks(server.load, () => chunks.get(0));
  for (let step = 0; step < 40; step++) {
    chunks.want([step]);
    await server.answer(step);
  }
  assert.equal(chunks.kept.size, 24);
  assert.ok(chunks.get(0) && chunks.get(39));
  assert.equal(chunks.get(1), undefined);
});

test("a fault stops fetching until it is tried again", async () => {
  const server = new Server();
  const chunks = new Chunks(server.load, () => {});
  chunks.want([1, 2, 3]);
  await server.fail(1);
  await server.answer(2);
  assert.equal(chunks.fault.message, "no");
  assert.deepEqual(server.asked, [1, 2]);
  chunks.retry();
  assert.deepEqual(server.asked, [1, 2, 1, 3]);
});

test("an answer for another day is dropped", async () => {
  const server = new Server();
  const chunks = new Chunks(server.load, () => assert.fail("changed"));
  chunks.want([1]);
  chunks.reset();
  await server.answer(1);
  assert.equal(chunks.get(1), undefined);
  assert.equal(chunks.running, 0);
});

// play advances a player in frames of 16 ms, until it is not playing any more.
function play(player, mostFrames) {
  for (let i = 0; i < mostFrames; i++) {
    const status = player.advance(16);
    if (status !== "playing") return status;
  }
  return "playing";
}

function playerOf(alertsOf, end) {
  const shown = [];
  const chunks = { wanted: [], get: (step) => alertsOf(step), want: (steps) => (chunks.wanted = steps) };
  const player = new Player(chunks, (alert) => shown.push(alert.id));
  player.end = end;
  return { player, shown, chunks };
}

// A chunk with an alert every second second.
const sparse = (step) => ({ alerts: Array.from({ length: 150 }, (_, i) => ({ id: step * 150 + i, second: step * 300 + 2 * i })) });

test("each alert is shown once and in order, over the chunks' ends", () => {
  const { player, shown } = playerOf(sparse, 900);
  player.speed = 10;
  assert.equal(play(player, 100000), "ended");
  assert.deepEqual(shown, Array.from({ length: 450 }, (_, i) => i));
  assert.equal(player.at, 900);
});

test("a minute a second is the usual speed", () => {
  const { player } = playerOf(sparse, 86400);
  for (let i = 0; i < 100; i++) player.advance(20);
  assert.ok(Math.abs(player.at - 120) < 1, `${player.at}`);
  player.advance(60_000); // a frame after a long pause
  assert.ok(player.at < 140, `${player.at}`);
});

test("at high speed as many are shown as can be seen, evenly", () => {
  const dense = (step) => ({ alerts: Array.from({ length: 300 }, (_, i) => ({ id: step * 300 + i, second: step * 300 + i })) });
  const { player, shown } = playerOf(dense, 3000);
  player.speed = 300;
  assert.equal(play(player, 100000), "ended");
  assert.ok(shown.length >= 499 && shown.length <= 500, `${shown.length}`);
  assert.deepEqual(new Set(shown.slice(1).map((id, i) => id - shown[i])), new Set([6]));
});

test("it waits for a chunk, and asks for more ahead at higher speed", () => {
  const { player, chunks } = playerOf((step) => (step === 0 ? sparse(0) : undefined), 86400);
  assert.equal(play(player, 100000), "waiting");
  assert.equal(player.at, 300);
  assert.deepEqual(chunks.wanted, [1, 2, 3]);
  player.speed = 300;
  player.prepare();
  assert.equal(chunks.wanted.length, 7);
});

test("nothing is asked for beyond the end", () => {
  const { player, chunks } = playerOf(sparse, 600);
  player.seek(10_000);
  assert.equal(player.at, 600);
  assert.equal(player.advance(16), "ended");
  player.seek(400);
  player.prepare();
  assert.deepEqual(chunks.wanted, [1]);
});
