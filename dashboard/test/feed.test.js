import assert from "node:assert/strict";
import { test } from "node:test";
import { createSeen } from "../public/feed.js";
import { createSpreader, plan } from "../public/spreader.js";

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
  const spreader = createSpreader((item) => out.push([item, performance.now()]));
  for (let i = 0; i < 10; i++) spreader.push(i);
  assert.equal(out.length, 0);
  pass(1100);
  assert.deepEqual(out.map(([item]) => item), [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  const gaps = out.slice(1).map(([, at], i) => at - out[i][1]);
  assert.ok(gaps.every((gap) => gap >= 98 && gap <= 102), String(gaps));
});

test("what is left of a burst goes out before the next one, and little waits", (t) => {
  const pass = clock(t);
  const out = [];
  const spreader = createSpreader((item) => out.push(item));
  for (let i = 0; i < 4; i++) spreader.push(i);
  pass(500);
  for (let i = 4; i < 8; i++) spreader.push(i);
  pass(1100);
  assert.deepEqual(out, [0, 1, 2, 3, 4, 5, 6, 7]);
  for (let i = 0; i < 1000; i++) spreader.push(i);
  assert.equal(spreader.waiting, 200);
});

test("a pause keeps the newest without a timer", (t) => {
  const pass = clock(t);
  const out = [];
  const spreader = createSpreader((item) => out.push(item));
  spreader.pause();
  for (let i = 0; i < 300; i++) spreader.push(i);
  pass(5000);
  assert.deepEqual(out, []);
  spreader.resume();
  pass(1100);
  assert.equal(out.length, 200);
  assert.equal(out[0], 100);
  spreader.push(1);
  spreader.clear();
  pass(1100);
  assert.equal(out.length, 200);
});

test("a plan begins at once and ends within the second", () => {
  assert.deepEqual(plan(4), [0, 250, 500, 750]);
  assert.deepEqual(plan(0), []);
});

test("an id is known until so many others came", () => {
  const seen = createSeen(2);
  assert.deepEqual(["a", "b", "a", "c", "b", "a"].map(seen), [false, false, true, false, true, false]);
});
