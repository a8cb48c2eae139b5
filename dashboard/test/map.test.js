import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { jitter } from "../public/map/jitter.js";
import { createProjection, degreesBetween, place } from "../public/map/projection.js";
import { decodeArc, decodeWorld } from "../public/map/world.js";

test("places are read from texts, and what is none is left out", () => {
  assert.deepEqual(place("-33.9", "18.4"), { lat: -33.9, lng: 18.4 });
  assert.deepEqual(place(0, 10), { lat: 0, lng: 10 });
  for (const [lat, lng] of [["", ""], ["0.0", "0.0"], [undefined, "1"], ["1", null], ["91", "0"], ["1", "181"], ["a", "1"], ["NaN", "1"]]) {
    assert.equal(place(lat, lng), null, `${lat}, ${lng}`);
  }
});

test("all of the land is in view, whatever the shape of the container", async () => {
  const world = await readWorld();
  for (const [width, height] of [[1440, 720], [3840, 2160], [800, 800], [320, 200]]) {
    const view = createProjection(width, height);
    let outside = 0;
    let points = 0;
    for (const arc of world.arcs) {
      for (let i = 0; i < arc.length; i += 2, points++) {
        const x = view.x(arc[i], arc[i + 1]);
        const y = view.y(arc[i + 1]);
        if (x < 0 || x > width || y < 0 || y > height) outside++;
      }
    }
    assert.ok(outside < points * 0.04, `${width}×${height}: ${outside} of ${points} points are outside`);
  }
});

test("north is up, east is right, and the edge is in the Bering Strait", () => {
  const view = createProjection(1000, 500);
  assert.ok(view.y(50) < view.y(10) && view.y(10) < view.y(-30));
  assert.ok(view.x(-160, 60) < view.x(-75, 60) && view.x(-75, 60) < view.x(10, 60) && view.x(10, 60) < view.x(-170, 60));
  assert.ok(Math.abs(view.around(0) - (view.x(191.4, 0) - view.x(-168.4, 0))) < 2);
  assert.ok(view.around(70) < view.around(0));
});

test("the way between two places is told as it is drawn", () => {
  assert.equal(Math.round(degreesBetween(10, 105)), 95);
  assert.equal(Math.round(degreesBetween(140, -100)), -240); // over the Pacific it is 120
});

test("jitter is small, always the same for an id, and another for another", () => {
  const china = { lat: 35, lng: 105 };
  assert.deepEqual(jitter(china, "a1"), jitter(china, "a1"));
  const seen = new Set();
  for (let i = 0; i < 1000; i++) {
    const moved = jitter(china, String(i));
    assert.ok(Math.hypot(moved.lat - 35, moved.lng - 105) <= 1.3);
    seen.add(`${moved.lat.toFixed(2)},${moved.lng.toFixed(2)}`);
  }
  assert.ok(seen.size > 900, `${seen.size} of 1000 places differ`);
  assert.ok(jitter({ lat: 90, lng: 0 }, "x").lat <= 90);
});

test("arcs are sums of steps", () => {
  assert.deepEqual(Array.from(decodeArc([20, 40, 10, -20, 0, 5], 20)), [1, 2, 1.5, 1, 1.5, 1.25]);
});

test("arcs are told apart: coasts, borders of two, seams of one", () => {
  const { kinds, countries } = decodeWorld({
    unitsPerDegree: 1,
    countries: [
      { code: "XX", label: [0, 0], rings: [[0, 1], [2, ~2]] },
      { code: "YY", label: [0, 0], rings: [[~1, 3]] },
    ],
    arcs: [[0, 0, 1, 0], [1, 0, 0, 1], [5, 5, 1, 1], [0, 0, 2, 2]],
  });
  assert.deepEqual(kinds, ["coast", "border", "seam", "coast"]);
  assert.deepEqual(countries.map((c) => c.code), ["XX", "YY"]);
});

test("rings of the world are closed, and its seams are few", async () => {
  const world = await readWorld();
  for (const { code, rings } of world.countries) {
    for (const ring of rings) {
      let [x, y] = end(world, ring.at(-1), true);
      for (const arc of ring) {
        const [fromX, fromY] = end(world, arc, false);
        assert.ok(fromX === x && fromY === y, code);
        [x, y] = end(world, arc, true);
      }
    }
  }
  assert.ok(world.kinds.filter((kind) => kind === "seam").length < 6);
});

// end gives the last point of an arc in a ring, or its first.
function end({ arcs }, arc, last) {
  const points = arcs[arc < 0 ? ~arc : arc];
  return last === arc >= 0 ? points.slice(-2) : points.slice(0, 2);
}

async function readWorld() {
  const file = await readFile(new URL("../public/map/world.json", import.meta.url), "utf8");
  return decodeWorld(JSON.parse(file));
}
