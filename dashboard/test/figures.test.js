import assert from "node:assert/strict";
import { test } from "node:test";
import { niceStep } from "../public/lib/charts.js";
import { figure } from "../public/live/country.js";
import { places } from "../public/map/marks.js";
import { classOf, colorOf, groups } from "../public/lib/palette.js";
import { withToday } from "../public/lib/questions.js";
import { stackDays } from "../public/statistics/statistics.js";
import { ranked } from "../public/lib/tables.js";

test("types have colours, unknown and odd ones too", () => {
  assert.equal(colorOf("SSH/console(cowrie)"), "--series-1");
  assert.equal(colorOf("Network(Dionaea)"), "--series-3");
  assert.equal(colorOf("Network(suricata)"), "--series-4");
  for (const odd of ["", "constructor", "__proto__", "x(y)", undefined, "<b>"]) assert.equal(classOf(odd), "series-8");
  assert.equal(new Set(groups.map(({ color }) => color)).size, 8);
});

test("a scale has few, round and whole steps", () => {
  for (const max of [1, 2, 3, 7, 10, 99, 101, 1234, 10_000_000]) {
    const step = niceStep(max);
    assert.ok(Number.isInteger(step) && step >= max / 4 && step <= Math.max(1, max), `${max}: ${step}`);
  }
});

// perDay is an answer of datasetAlertTypesPerMonth.
const perDay = (days, time) => ({
  asOf: Date.parse(time),
  answer: [{ datasetAlertsPerMonth: Object.fromEntries(Object.entries(days).map(([day, n]) => [`${day} 00:00:00`, { Webpage: n }])) }],
});
const todays = (n, time) => ({ asOf: Date.parse(time), answer: { AlertCountPerType: { Webpage: n } } });
const barsOf = (days, today, n) => {
  const { answer, asOf } = withToday(days, today);
  return [stackDays(answer, n, asOf).map(({ day, total }) => `${day}: ${total}`), new Date(asOf).toISOString()];
};

test("days are gap-free, and by group", () => {
  const byDay = {
    "2026-11-24 00:00:00": { "SSH/console(cowrie)": 5, "SSH/console(endlessh)": 2, odd: 1 },
    "2026-11-26 00:00:00": { Webpage: 1 },
  };
  const days = stackDays(byDay, 3, Date.parse("2026-11-26T15:00:00Z"));
  assert.deepEqual(days.map(({ day, total }) => [day, total]), [["2026-11-24", 8], ["2026-11-25", 0], ["2026-11-26", 1]]);
  assert.deepEqual(days[0].byGroup, [7, 0, 0, 0, 0, 0, 0, 1]);
  assert.equal(stackDays({}, 7, Date.now()).length, 7);
  assert.equal(withToday({ answer: [], asOf: 0 }, { answer: {}, asOf: 0 }).asOf, 0);
});

test("today's bar is the newer count of the two, once", () => {
  const days = perDay({ "2026-11-25": 50, "2026-11-26": 7 }, "2026-11-26T14:10:00Z");
  assert.deepEqual(barsOf(days, todays(9, "2026-11-26T15:00:00Z"), 2),
    [["2026-11-25: 50", "2026-11-26: 9"], "2026-11-26T15:00:00.000Z"]);
  assert.deepEqual(barsOf(days, todays(6, "2026-11-26T14:09:50Z"), 2),
    [["2026-11-25: 50", "2026-11-26: 7"], "2026-11-26T14:10:00.000Z"]);
});

test("around midnight a count of another day is in no bar", () => {
  const before = perDay({ "2026-11-25": 50, "2026-11-26": 70 }, "2026-11-26T23:40:00Z");
  assert.deepEqual(barsOf(before, todays(3, "2026-11-27T00:01:00Z"), 2),
    [["2026-11-25: 50", "2026-11-26: 70"], "2026-11-26T23:40:00.000Z"], "the new day's count");
  const past = perDay({ "2026-11-26": 80, "2026-11-27": 1 }, "2026-11-27T00:00:02Z");
  assert.deepEqual(barsOf(past, todays(79, "2026-11-26T23:59:58Z"), 2),
    [["2026-11-26: 80", "2026-11-27: 1"], "2026-11-27T00:00:02.000Z"], "the old day's count");
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
