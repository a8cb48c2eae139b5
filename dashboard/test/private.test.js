// What the private pages compute.

import assert from "node:assert/strict";
import { test } from "node:test";
import { filterAlerts, formatAge, isAddress, searchSensors, sensorOrders, sortSensors, summarize, tally } from "../public/private-model.js";

test("addresses are told from what is none", () => {
  for (const good of ["1.2.3.4", "255.255.255.255", "::1", "2001:db8::1", "2001:DB8:0:0:0:0:0:1", "::ffff:1.2.3.4"]) {
    assert.ok(isAddress(good), good);
  }
  for (const bad of ["", "1.2.3", "1.2.3.256", "01.2.3.4", "1.2.3.4/8", "1:2", "g::1", "::1%eth0", "[::1]", "1.2.3.4:80", ":::", "::1]@x/"]) {
    assert.ok(!isAddress(bad), bad);
  }
});

test("ages are told in their largest unit", () => {
  const told = [-5, 0, 59.9, 60, 3599, 3600, 86_399, 86_400, 200_000].map(formatAge);
  assert.deepEqual(told, ["0 s", "0 s", "59 s", "1 min", "59 min", "1 h 0 min", "23 h 59 min", "1 d 0 h", "2 d 7 h"]);
});

const alert = (more) => ({ time: "2026-11-26 10:00:00", request: "", sensor: "s", type: "Webpage", targetCountry: "DE", address: "9.9.9.9", country: "US", ...more });

test("alerts are filtered by text, type and country together", () => {
  const alerts = [alert({ request: "/WP-login" }), alert({ sensor: "cowrie-1", type: "SSH" }), alert({ address: "8.8.8.8", country: "FR" })];
  const found = (filter) => filterAlerts(alerts, { text: "", type: "", country: "", ...filter }).map((a) => alerts.indexOf(a));
  assert.deepEqual(found({}), [0, 1, 2]);
  assert.deepEqual(found({ text: " wp-LOGIN " }), [0]);
  assert.deepEqual(found({ text: "cowrie" }), [1]);
  assert.deepEqual(found({ text: "8.8." }), [2]);
  assert.deepEqual(found({ type: "Webpage", country: "US" }), [0]);
  assert.deepEqual(found({ text: "none" }), []);
});

test("an address is summed up, whatever its requests are called", () => {
  const requests = ["__proto__", "constructor", "__proto__"];
  const summary = summarize(requests.map((request, i) => alert({ request, time: `2026-11-2${9 - i} 10:00:00` })));
  assert.equal(summary.count, 3);
  assert.equal(summary.first, "2026-11-27 10:00:00");
  assert.equal(summary.last, "2026-11-29 10:00:00");
  assert.deepEqual(summary.requests, [["__proto__", 2], ["constructor", 1]]);
  assert.deepEqual(summarize([]).types, []);
  assert.deepEqual(tally(["b", "a"], (x) => x), [["a", 1], ["b", 1]]);
});

const sensor = (id, more) => ({
  id, uuid: "", hostname: id, analyzers: [], version: "v", lastSeen: "2026-11-26 10:00:00", accepted: 0, refused: {}, lastHour: 0, quiet: false, ...more,
});

test("those gone quiet come first in every order", () => {
  const sensors = [
    sensor("a", { accepted: 5, refused: { x: 1, y: 9 }, lastSeen: "2026-11-26 10:00:01" }),
    sensor("b", { accepted: 7, quiet: true, lastSeen: "2026-11-25 10:00:00" }),
    sensor("c", { accepted: 9, refused: { x: 3 }, lastSeen: "" }),
  ];
  const sorted = (order, descending) => sortSensors(sensors, order, descending).map(({ id }) => id).join("");
  assert.equal(sorted("accepted", true), "bca");
  assert.equal(sorted("accepted", false), "bac");
  assert.equal(sorted("refused", true), "bac");
  assert.equal(sorted("lastSeen", true), "bac");
  assert.equal(sorted("sensor", true), "bca");
  for (const order of Object.keys(sensorOrders)) assert.equal(sorted(order, false)[0], "b", order);
});

test("sensors are found by all of their names", () => {
  const sensors = [sensor("a", { uuid: "0B7D" }), sensor("b", { analyzers: ["cowrie-1"] }), sensor("c", { version: "EWS 1.33" })];
  for (const [text, id] of [["0b7d", "a"], ["COWRIE", "b"], ["1.33", "c"]]) {
    assert.deepEqual(searchSensors(sensors, text).map((s) => s.id), [id]);
  }
  assert.equal(searchSensors(sensors, "  ").length, 3);
});
