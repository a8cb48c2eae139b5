import assert from "node:assert/strict";
import { test } from "node:test";
import { createChunks } from "../public/replay/chunks.js";
import { createPlayer } from "../public/replay/player.js";
import { createGlow } from "../public/replay/glow.js";
import { addDays, clock, dayOf, endOf, hourText, isDay, keptOf, secondOf, startOf, stepText } from "../public/replay/time.js";
import { columns } from "../public/replay/timeline.js";

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
  assert.equal(hourText("20260301", 14), "2026-03-01 14:00:00");
  assert.equal(hourText("20260228", 24), "2026-03-01 00:00:00");
});

test("a day that is older than the server keeps is said to be", () => {
  const keptFrom = Date.parse("2026-02-01T12:00:00Z");
  assert.deepEqual(keptOf("20260202", keptFrom, now), { gone: false, text: "" });
  assert.deepEqual(keptOf("20260202", undefined, now), { gone: false, text: "" });
  assert.deepEqual(keptOf("20260131", keptFrom, now), { gone: true, text: "Older than the server keeps: alerts are kept for 28 days." });
  assert.deepEqual(keptOf("20260201", keptFrom, now),
    { gone: false, text: "Alerts before 12:00:00 UTC are older than the server keeps: alerts are kept for 28 days." });
  assert.match(keptOf("20260227", now - 24 * 3_600_000 + 400, now).text, /kept for 1 day\.$/);
  assert.match(keptOf("20260227", now - 36 * 3_600_000, now).text, /kept for 36 hours\.$/);
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
  const chunks = createChunks(server.load, () => changes++);
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
  const chunks = createChunks(server.load, () => chunks.get(0));
  for (let step = 0; step < 40; step++) {
    chunks.want([step]);
    await server.answer(step);
  }
  const kept = Array.from({ length: 40 }, (_, step) => step).filter((step) => chunks.get(step));
  assert.deepEqual(kept, [0, ...Array.from({ length: 23 }, (_, i) => 17 + i)]);
});

test("a fault stops fetching until it is tried again", async () => {
  const server = new Server();
  const chunks = createChunks(server.load, () => {});
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
  const chunks = createChunks(server.load, () => assert.fail("changed"));
  chunks.want([1]);
  chunks.reset();
  await server.answer(1);
  assert.equal(chunks.get(1), undefined);
  chunks.want([2, 3]);
  assert.deepEqual(server.asked, [1, 2, 3], "the dropped answer counts as one on its way");
});

// play advances a player in frames of 16 ms, until it is not playing any more.
function play(player, maxFrames) {
  for (let i = 0; i < maxFrames; i++) {
    const status = player.advance(16);
    if (status !== "playing") return status;
  }
  return "playing";
}

function playerOf(alertsOf, end) {
  const shown = [];
  const passed = [];
  const chunks = { wanted: [], get: (step) => alertsOf(step), want: (steps) => (chunks.wanted = steps) };
  const player = createPlayer(chunks, { show: ({ id }) => shown.push(id), passed: ({ id }, weight) => passed.push([id, weight]) });
  player.end = end;
  return { player, shown, passed, chunks };
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
  const dense = (step) => ({ weight: 4, alerts: Array.from({ length: 300 }, (_, i) => ({ id: step * 300 + i, second: step * 300 + i })) });
  const { player, shown, passed } = playerOf(dense, 3000);
  player.speed = 300;
  assert.equal(play(player, 100000), "ended");
  assert.ok(shown.length >= 499 && shown.length <= 500, `${shown.length}`);
  assert.deepEqual(new Set(shown.slice(1).map((id, i) => id - shown[i])), new Set([6]));
  assert.deepEqual(passed, Array.from({ length: 3000 }, (_, i) => [i, 4]), "the glow leaves alerts out");
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

// glowOf is a glow whose server answers when told to.
function glowOf() {
  const server = new Server();
  let changes = 0;
  const glow = createGlow((hour) => server.load(hour).then(({ alerts }) => alerts), () => changes++);
  const alert = (second, lat) => ({ second, sourceLat: lat, sourceLng: "1" });
  return { glow, server, alert, seen: () => glow.places.map(({ lat, count }) => `${lat}: ${count}`), changes: () => changes };
}
const place = (lat, count) => ({ lat, lng: "1", count });

test("the glow has whole hours from the server and what was replayed since, by its weight", async () => {
  const { glow, server, alert, seen } = glowOf();
  glow.seek(0);
  glow.add(alert(10, "50"), 3);
  glow.add(alert(20, "50"), 3);
  glow.add(alert(30, "51"), 10);
  assert.deepEqual(seen(), ["51: 10", "50: 6"]);
  assert.deepEqual(server.asked, []);

  glow.follow(3600);
  glow.add(alert(3600, "52"), 1);
  assert.deepEqual(seen(), ["51: 10", "50: 6", "52: 1"], "it goes on with what was replayed until the server has counted");
  const counted = [place("50", 7), place("53", 2)];
  await server.answer(1, counted);
  assert.deepEqual(seen(), ["50: 7", "53: 2", "52: 1"]);
  glow.add(alert(3700, "53"), 5);
  assert.deepEqual(seen(), ["50: 7", "53: 7", "52: 1"]);
  assert.deepEqual(counted, [place("50", 7), place("53", 2)], "an answer is changed by what is added to it");
});

test("the glow shrinks when one goes back, and has nothing of later", async () => {
  const { glow, server, alert, seen } = glowOf();
  glow.seek(9 * 3600 + 60);
  await server.answer(9, [place("50", 90)]);
  glow.add(alert(9 * 3600 + 61, "50"), 9);
  assert.deepEqual(seen(), ["50: 99"]);
  glow.seek(9 * 3600 + 30);
  assert.deepEqual(seen(), ["50: 90"]);
  glow.seek(5 * 3600);
  assert.deepEqual(seen(), [], "the glow of later is seen");
  await server.answer(5, [place("50", 40)]);
  assert.deepEqual(seen(), ["50: 40"]);
  glow.seek(9 * 3600);
  assert.deepEqual(seen(), ["50: 90"]);
  assert.deepEqual(server.asked, [9, 5]);
});

test("of the hours that a slider passes, one is asked for at a time, and then the last", async () => {
  const { glow, server, changes } = glowOf();
  for (let hour = 1; hour <= 20; hour++) glow.seek(hour * 3600);
  assert.deepEqual(server.asked, [1]);
  await server.answer(1);
  assert.deepEqual(server.asked, [1, 20]);
  await server.fail(20);
  glow.seek(2 * 3600);
  assert.equal(glow.fault.message, "no");
  assert.deepEqual(server.asked, [1, 20]);
  glow.retry();
  assert.deepEqual(server.asked, [1, 20, 2]);
  assert.equal(changes(), 2);

  glow.reset();
  await server.answer(2, [place("50", 1)]);
  assert.deepEqual(glow.places, [], "another day's places");
  assert.equal(changes(), 2);
});
