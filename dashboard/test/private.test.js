// What the private pages compute.

import assert from "node:assert/strict";
import { test } from "node:test";
import {
  alertsOf, filterAlerts, formatAge, formatDelay, isAddress, listedText, requestHasCredentials, searchSensors, sensorKinds, sensorOrders,
  sortSensors, tally, unknownAnalyzers,
} from "../public/private/model.js";

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

const filtered = (given, filter) => filterAlerts(alertsOf({ alerts: given }), { text: "", type: "", country: "", ...filter }).map(({ id }) => id).join("");

test("alerts are filtered by text, type and country together", () => {
  const alerts = [
    { id: "a", analyzerType: "Webpage", request: "/WP-login", source: { address: "9.9.9.9", country: "US" } },
    { id: "b", analyzerType: "SSH", sensor: { hostname: "cowrie-1" }, source: { country: "US" } },
    { id: "c", analyzerType: "Webpage", source: { address: "8.8.8.8", country: "FR" } },
  ];
  for (const [filter, ids] of [
    [{}, "abc"], [{ text: " wp-LOGIN " }, "a"], [{ text: "cowrie" }, "b"], [{ text: "8.8." }, "c"], [{ type: "Webpage", country: "US" }, "a"], [{ text: "none" }, ""],
  ]) assert.equal(filtered(alerts, filter), ids, JSON.stringify(filter));
});

test("a search finds an alert by all that is known of it", () => {
  const mark = "Needle";
  const places = [
    { id: mark }, { analyzerType: mark }, { analyzer: mark }, { transport: mark }, { request: mark }, { raw: mark }, { username: mark }, { password: mark },
    { login: mark }, { clientVersion: mark }, { cve: mark }, { payloadHash: mark }, { source: { as: mark } }, { source: { port: mark } },
    { target: { address: mark } }, { target: { port: mark } }, { sensor: { hostname: mark } }, { sensor: { uuid: mark } }, { sensor: { externalIP: mark } },
    { session: { id: mark } }, { additionalData: { [mark]: "" } }, { additionalData: { x: mark } }, { additionalData: { x: [mark] } },
  ];
  for (const given of places) assert.equal(filterAlerts(alertsOf({ alerts: [given, {}] }), { text: "needle", type: "", country: "" }).length, 1, JSON.stringify(given));
});

test("what stands for nothing is nothing, and no answer is taken for another", () => {
  const [alert] = alertsOf({ alerts: [{ raw: "-", sensor: { hostname: "undefined", externalIP: "1.1.1.1" }, source: { as: "-", port: 22 }, username: null }] });
  assert.deepEqual([alert.raw, alert.sensor.hostname, alert.sensor.externalIP, alert.source.as, alert.source.port, alert.username], ["", "", "", "", "", ""]);
  for (const answer of [null, {}, { alerts: {} }, "text"]) assert.throws(() => alertsOf(answer), /not a list of alerts/);
  assert.deepEqual(alertsOf(JSON.parse('{"alerts":[{"additionalData":{"__proto__":"x"}},null]}'))[0].data, [["__proto__", "x"]]);
  assert.deepEqual(tally(["b", "a", "__proto__"], (x) => x), [["__proto__", 1], ["a", 1], ["b", 1]]);
});

test("credentials are repeated unless they are the request", () => {
  for (const [request, username, password, has] of [
    [`Username: "root" | Password: "123456" | Status: Fail`, "root", "123456", true],
    [`Username: "root" | Password: <none>`, "root", "", true],
    [`Username: "root" | Password: "123456"`, "root", "other", false],
    ["uname -a; root", "root", "a", false],
    ["", "root", "a", false],
  ]) assert.equal(requestHasCredentials({ request, username, password }), has, request);
});

test("a part of the alerts is never said to be all of them", () => {
  assert.equal(listedText(1000, 3600), "The newest 1,000 of 3,600 are listed");
  assert.equal(listedText(12, 12), "All 12 are listed");
  assert.equal(listedText(1, 1), "Its only alert is listed");
});

const sensor = (id, more) => ({
  id, uuid: "", hostname: id, analyzers: [], version: "v", lastSeen: "2026-11-26 10:00:00", accepted: 0, refused: {}, lastHour: 0, quiet: false,
  unclassified: [], delay: null, clock: "unknown", ...more,
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

test("delays are shown with their direction, and wrong clocks sorted first", () => {
  assert.deepEqual([null, 0, 14, 7214, -190].map(formatDelay), ["–", "0 s", "14 s", "2 h 0 min", "3 min ahead"]);
  const sensors = [
    sensor("a", { delay: 14, clock: "ok" }), sensor("b", { delay: 290, clock: "unknown" }), sensor("c", { delay: -7200, clock: "timezone" }),
    sensor("d", { delay: 86_400, clock: "wrong" }), sensor("e"), sensor("f", { delay: 99_999, clock: "unknown" }),
  ];
  assert.equal(sortSensors(sensors, "clock", true).map(({ id }) => id).join(""), "dcfbae");
});

test("sensors that need attention are found by kind", () => {
  const sensors = [
    sensor("a", { quiet: true }), sensor("b", { clock: "timezone" }), sensor("c", { clock: "wrong" }), sensor("d", { clock: "delayed" }),
    sensor("e", { unclassified: ["new-1", "new-1", "new-2"] }), sensor("f", { unclassified: ["new-2"], clock: "ok" }),
  ];
  const found = Object.entries(sensorKinds).map(([kind, { has }]) => `${kind} ${sensors.filter(has).map(({ id }) => id).join("")}`);
  assert.deepEqual(found, ["quiet a", "timezone b", "wrong c", "delayed d", "unknown ef"]);
  assert.deepEqual(unknownAnalyzers(sensors), [["new-2", 2], ["new-1", 1]]);
});

test("sensors are found by all of their names", () => {
  const sensors = [sensor("a", { uuid: "0B7D" }), sensor("b", { analyzers: ["cowrie-1"] }), sensor("c", { version: "EWS 1.33" })];
  for (const [text, id] of [["0b7d", "a"], ["COWRIE", "b"], ["1.33", "c"]]) {
    assert.deepEqual(searchSensors(sensors, text).map((s) => s.id), [id]);
  }
  assert.equal(searchSensors(sensors, "  ").length, 3);
});
