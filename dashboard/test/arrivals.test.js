import assert from "node:assert/strict";
import { test } from "node:test";
import { createArrivals } from "../public/live/arrivals.js";

const second = 1_764_428_000;

test("seconds are added up, and what is reported again replaces what was", () => {
  const arrivals = createArrivals();
  arrivals.take(second, [1, 2, 3]);
  assert.equal(arrivals.end, second + 3);
  assert.equal(arrivals.sum(second, second + 3), 6);
  assert.equal(arrivals.sum(second + 1, second + 2), 2);
  arrivals.take(second + 1, [5, 3, 4]); // one second late, one new
  assert.deepEqual(arrivals.last(10), [1, 5, 3, 4]);
  assert.equal(arrivals.end, second + 4);
  assert.deepEqual(arrivals.last(2), [3, 4]);
});

test("what begins earlier replaces everything, and what follows is added", () => {
  const arrivals = createArrivals();
  arrivals.take(second, [1, 2]);
  arrivals.take(second - 2, [7, 7, 7, 7, 7]);
  assert.deepEqual([arrivals.start, arrivals.end, arrivals.sum(0, Infinity)], [second - 2, second + 3, 35]);
  arrivals.take(second + 3, [1]);
  assert.equal(arrivals.sum(second - 2, second + 4), 36);
});

test("seconds behind a gap do not count those before it as known", () => {
  const arrivals = createArrivals();
  arrivals.take(second, [1, 2, 3]);
  arrivals.take(second + 4, [9]);
  assert.deepEqual([arrivals.start, arrivals.end, arrivals.sum(0, Infinity)], [second + 4, second + 5, 9]);
});

test("ten minutes are kept", () => {
  const arrivals = createArrivals();
  for (let i = 0; i < 1000; i++) arrivals.take(second + i, [1]);
  assert.deepEqual([arrivals.start, arrivals.end], [second + 400, second + 1000]);
  assert.equal(arrivals.sum(0, Infinity), 600);
  arrivals.take(second + 999, Array(3000).fill(2));
  assert.deepEqual([arrivals.start, arrivals.end], [second + 3399, second + 3999]);
  assert.equal(arrivals.sum(0, Infinity), 1200);
});

test("only what is known is covered", () => {
  const arrivals = createArrivals();
  assert.equal(arrivals.covers(0, 0), false);
  arrivals.take(second, [0, 0, 0]);
  assert.equal(arrivals.covers(second, second + 3), true);
  assert.equal(arrivals.covers(second + 3, second + 3), true);
  assert.equal(arrivals.covers(second - 1, second + 3), false);
  assert.equal(arrivals.covers(second, second + 4), false);
  assert.equal(arrivals.covers(second + 5, second + 3), false);
  arrivals.clear();
  assert.equal(arrivals.covers(second, second), false);
  assert.deepEqual(arrivals.last(3), []);
});
