import assert from "node:assert/strict";
import { test } from "node:test";
import { niceStep } from "../public/charts.js";
import { figure } from "../public/country.js";
import { createEstimate } from "../public/counters.js";
import { places } from "../public/map-marks.js";
import { classOf, colorOf, groups } from "../public/palette.js";
import { stackDays } from "../public/statistics.js";
import { ranked } from "../public/tables.js";

test("types have colours, unknown and odd ones too", () => {
  assert.equal(colorOf("SSH/console(cowrie)"), "--series-1");
  assert.equal(colorOf("Network(Dionaea)"), "--series-3");
  assert.equal(colorOf("Network(suricata)"), "--series-4");
  for (const odd of ["", "constructor", "__proto__", "x(y)", undefined, "<b>"]) assert.equal(classOf(odd), "series-8");
  assert.equal(new Set(groups.map(({ color }) => color)).size, 8);
});

test("an estimate stays near rate × window, however long the server is silent", () => {
  const e = createEstimate(60);
  e.told(1200, 20);
  for (let s = 0; s < 3600; s++) {
    e.add(20);
    e.pass(1);
  }
  assert.ok(Math.abs(e.value - 1200) < 40, String(e.value));
});

test("an estimate is ahead of the server by its answer's age at most", () => {
  const e = createEstimate(86400);
  e.told(1000, 0);
  for (let i = 0; i < 200; i++) e.add(1);
  e.told(1000, 20); // 13 seconds old, as it may be
  assert.equal(e.value, 1200);
  e.told(1000, 1);
  assert.equal(e.value, 1000);
  e.told(5000, 1);
  assert.equal(e.value, 5000);
});

test("a scale has few, round and whole steps", () => {
  for (const max of [1, 2, 3, 7, 10, 99, 101, 1234, 10_000_000]) {
    const step = niceStep(max);
    assert.ok(Number.isInteger(step) && step >= max / 4 && step <= Math.max(1, max), `${max}: ${step}`);
  }
});

test("days are gap-free, end today, and today's figures are fresh", () => {
  const answer = [{ datasetAlertsPerMonth: {
    "2026-11-24 00:00:00": { "SSH/console(cowrie)": 5, "SSH/console(endlessh)": 2, odd: 1 },
    "2026-11-26 00:00:00": { Webpage: 1 },
  } }];
  const days = stackDays(answer, { AlertCountPerType: { Webpage: 9 } }, 3, new Date("2026-11-26T15:00:00Z"));
  assert.deepEqual(days.map(({ day, total }) => [day, total]), [["2026-11-24", 8], ["2026-11-25", 0], ["2026-11-26", 9]]);
  assert.deepEqual(days[0].byGroup, [7, 0, 0, 0, 0, 0, 0, 1]);
  assert.equal(stackDays([], {}, 7, new Date()).length, 7);
});

test("ports are ranked by their alerts, not by their numbers", () => {
  const answer = JSON.parse('{"445":{"total":9},"22":{"total":7},"__proto__":{"total":8}}');
  assert.deepEqual(ranked(answer, 2, (b) => b.total).map(([port]) => port), ["445", "__proto__"]);
  assert.deepEqual(ranked(undefined, 2, (b) => b.total), []);
});

test("a country's rank and share come from its ranking", () => {
  const ranking = [{ code: "CN", country: "China", count: 30 }, { code: "DE", country: "Germany", count: 10 }];
  assert.deepEqual(figure(ranking, "DE"), { name: "Germany", rank: 2, count: 10, all: 40 });
  assert.deepEqual(figure(ranking, "FR"), { name: "", rank: 0, count: 0, all: 40 });
});

test("places that are none are left out", () => {
  const points = [
    { lat: "52.5", lng: "13.4", count: 3 }, { lat: "0.0", lng: "0.0", count: 9 },
    { lat: "x", lng: "1", count: 1 }, { lat: "91", lng: "1", count: 1 }, { lat: "1", lng: "1", count: "many" },
  ];
  assert.deepEqual(places(points), [{ lat: 52.5, lng: 13.4, count: 3 }]);
  assert.deepEqual(places(null), []);
});
