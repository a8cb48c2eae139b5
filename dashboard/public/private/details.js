// All fields of one alert.

import { nameOf } from "../lib/names.js";
import { formatAge } from "./model.js";
import { serviceOf } from "../lib/ports.js";
import { cut, el, formatNumber, formatTime, parseTime, printable } from "../lib/text.js";

// The server truncates texts to 64 KiB; other programs' alerts may have longer
// ones.
const maxText = 100_000;

/** textOf shows a text as it is, with its line breaks. @param {string} text */
function textOf(text) {
  const lines = text.slice(0, maxText).split(/\r\n|\n/).map(printable).join("\n");
  return text.length <= maxText ? lines
    : `${lines}\n… the first ${formatNumber(maxText)} of ${formatNumber(text.length)} characters`;
}

/** shown leaves out what the sensor did not send. @param {Fact[]} facts */
const shown = (facts) => facts.filter(([, value]) => value !== "");

/** @param {Fact} fact */
const fact = ([name, value]) => [el("dt", null, cut(printable(name), 200)), el("dd", null, el("code", null, textOf(value)))];

/** @param {string} title @param {Fact[]} facts */
function group(title, facts) {
  const known = shown(facts);
  return known.length > 0 && el("section", null, el("h4", null, title), el("dl", null, known.flatMap(fact)));
}

/** @param {string} title @param {string} text */
function block(title, text) {
  return text !== "" && el("section", null,
    el("h4", null, title),
    el("pre", { class: "code", tabindex: "0", role: "region", "aria-label": title }, textOf(text)));
}

/** @param {Endpoint} end */
const place = ({ country, countryName }) => (country && country !== "-" ? `${nameOf(country, countryName)} (${country})` : "");
/** @param {Endpoint} end */
const degrees = ({ lat, lng }) => (Number(lat) || Number(lng) ? `${lat}, ${lng}` : "");

/** @param {PrivateAlert} alert */
function difference({ created, received }) {
  const [from, to] = [parseTime(created), parseTime(received)];
  if (!from || !to) return "";
  const seconds = (to.getTime() - from.getTime()) / 1000;
  return seconds < 0 ? `${formatAge(-seconds)} before the sensor's time` : `${formatAge(seconds)} after the sensor's time`;
}

/** portText is a port as "22/tcp", "" where the sensor sent none. @param {string} port @param {string} transport */
export const portText = (port, transport) => [port, transport].filter(Boolean).join("/");

/** detailsOf returns what a row that is opened shows. @param {PrivateAlert} alert */
export function detailsOf(alert) {
  const { source, target, sensor, session } = alert;
  return el("div", { class: "private-known" },
    el("div", { class: "private-groups" },
      group("Time", [
        ["Sensor's time", formatTime(alert.created)], ["Arrived", formatTime(alert.received)], ["Difference", difference(alert)],
      ]),
      group("Source", [
        ["Address", source.address], ["Port", source.port], ["Country", place(source)], ["Network", source.as], ["Position", degrees(source)],
      ]),
      group("Target", [
        ["Address", target.address], ["Port", portText(target.port, alert.transport)], ["Service", serviceOf(target.port)],
        ["Country", place(target)], ["Network", target.as], ["Position", degrees(target)],
      ]),
      group("Sensor", [
        ["Host name", sensor.hostname], ["Id", sensor.id], ["UUID", sensor.uuid === sensor.id ? "" : sensor.uuid],
        ["External address", sensor.externalIP], ["Internal address", sensor.internalIP],
        ["Analyzer", alert.analyzer], ["Type", alert.type], ["Sent by", alert.community ? "the community" : "a private user"],
      ]),
      group("Login", [
        ["User", alert.username], ["Password", alert.password], ["Result", alert.login], ["Client", alert.client],
      ]),
      group("Attack", [
        ["CVE", alert.cve], ["Payload MD5", alert.payloadHash],
        ["Session", session.id], ["Session start", session.start], ["Session end", session.end], ["Alert id", alert.id],
      ])),
    block("Request", alert.request),
    block("Raw request", alert.raw),
    alert.data.length > 0 && el("section", null, el("h4", null, "Additional data"), el("dl", null, alert.data.flatMap(fact))));
}
