// Advice of the sensors page about sensors with problems.

import { sensorKinds, unknownAnalyzers } from "./model.js";
import { cut, el, formatNumber, printable } from "../lib/text.js";

// How many unknown analyzers are named.
const named = 20;

/** @param {number} n */
const count = (n) => `${formatNumber(n)} ${n === 1 ? "sensor" : "sensors"}`;

/** analyzersText names analyzers with the number of their sensors. @param {[string, number][]} analyzers */
function analyzersText(analyzers) {
  const names = analyzers.slice(0, named).map(([id, n]) => `${cut(printable(id), 80)} (${count(n)})`);
  const left = analyzers.length - named;
  return names.join(", ") + (left > 0 ? ` and ${formatNumber(left)} more` : "");
}

/** @type {SensorKind[]} */
const advised = ["timezone", "wrong", "delayed", "unknown"];

/** @type {Partial<Record<SensorKind, string>>} */
const texts = {
  timezone: "Their alerts are off by a multiple of 15 minutes, always the same: the sensor labels its times with the wrong time zone. " +
    "Set TZ=UTC in the environment of ewsposter, and restart it. Until then these alerts are stored with the wrong time.",
  wrong: "Their alerts are off by a constant time, or are dated in the future. Set the clock of the machine, and keep it right with NTP.",
  delayed: "Their alerts arrive late, some later than others, so their clocks may be right. This is usual while a sensor sends what it could not " +
    "send during an outage. If it stays like this, check its connection and the log of ewsposter.",
  unknown: "Their alerts are stored and counted as Unclassified. PEBA derives the type from the analyzer's id, which must contain the name " +
    "of the honeypot, such as cowrie. Correct the id on the sensor; if the honeypot is new to PEBA, upgrade PEBA or report the name to its developers.",
};

/**
 * adviceOn returns a list of what is wrong and what to do. choose is called with the
 * kind of sensors to show.
 * @param {Sensor[]} sensors @param {(kind: SensorKind) => void} choose
 */
export function adviceOn(sensors, choose) {
  const items = advised.flatMap((kind) => {
    const affected = sensors.filter(sensorKinds[kind].has).length;
    if (affected === 0) return [];
    const { name } = sensorKinds[kind];
    return el("li", null,
      el("p", null, el("strong", null, name), `: ${count(affected)} `,
        el("button", { type: "button", class: "link", "aria-label": `Show only: ${name}`, on: { click: () => choose(kind) } }, "Show only these")),
      kind === "unknown" && el("p", { class: "code" }, analyzersText(unknownAnalyzers(sensors))),
      el("p", { class: "note" }, texts[kind]));
  });
  return items.length > 0 && el("ul", { class: "private-advice", "aria-label": "Needs attention" }, items);
}
