// What the private pages compute, apart from the page itself.

import { parseTime } from "./text.js";

// isAddress tells whether a text is an IPv4 or IPv6 address.
export function isAddress(text) {
  if (/^\d{1,3}(\.\d{1,3}){3}$/.test(text)) {
    return text.split(".").every((part) => Number(part) <= 255 && String(Number(part)) === part);
  }
  if (!/^[0-9a-f:.]{2,45}$/i.test(text) || !text.includes(":")) return false;
  try {
    return new URL(`http://[${text}]/`).hostname !== "";
  } catch {
    return false;
  }
}

// formatAge writes for how long something has been, in its largest unit.
export function formatAge(seconds) {
  const s = Math.max(0, Math.floor(seconds));
  if (s < 60) return `${s} s`;
  if (s < 3600) return `${Math.floor(s / 60)} min`;
  if (s < 86400) return `${Math.floor(s / 3600)} h ${Math.floor(s / 60) % 60} min`;
  return `${Math.floor(s / 86400)} d ${Math.floor(s / 3600) % 24} h`;
}

// tally counts what key returns, most first, then by name.
export function tally(list, key) {
  const counts = new Map();
  for (const item of list) counts.set(key(item), (counts.get(key(item)) ?? 0) + 1);
  return [...counts].sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1));
}

// filterAlerts keeps the alerts of a type and of a source's country ("" is all)
// whose address, sensor or request has the text in it.
export function filterAlerts(alerts, { text, type, country }) {
  const wanted = text.trim().toLowerCase();
  return alerts.filter((alert) =>
    (type === "" || alert.type === type) &&
    (country === "" || alert.country === country) &&
    (wanted === "" || [alert.address, alert.sensor, alert.request].some((s) => s.toLowerCase().includes(wanted))));
}

// summarize tells of one address's alerts, which come newest first.
export function summarize(alerts) {
  return {
    count: alerts.length,
    first: alerts.at(-1)?.time ?? "",
    last: alerts[0]?.time ?? "",
    types: tally(alerts, (alert) => alert.type),
    targets: tally(alerts, (alert) => alert.targetCountry),
    requests: tally(alerts, (alert) => alert.request),
  };
}

const sum = (counts) => Object.values(counts).reduce((all, n) => all + n, 0);

// What sensors can be sorted by: the values to compare, and which way is usual.
export const sensorOrders = {
  sensor: { value: (s) => (s.hostname || s.id).toLowerCase(), descending: false },
  lastSeen: { value: (s) => parseTime(s.lastSeen)?.getTime() ?? 0, descending: true },
  accepted: { value: (s) => s.accepted, descending: true },
  refused: { value: (s) => refusals(s), descending: true },
  lastHour: { value: (s) => s.lastHour, descending: true },
  version: { value: (s) => s.version.toLowerCase(), descending: false },
};

export const refusals = (sensor) => sum(sensor.refused);

// sortSensors returns the sensors in an order, those gone quiet first.
export function sortSensors(sensors, order, descending) {
  const { value } = sensorOrders[order];
  const sign = descending ? -1 : 1;
  return [...sensors].sort((a, b) => {
    if (a.quiet !== b.quiet) return a.quiet ? -1 : 1;
    const [x, y] = [value(a), value(b)];
    if (x !== y) return x < y ? -sign : sign;
    return a.id < b.id ? -1 : 1;
  });
}

// searchSensors keeps those with the text in one of their names.
export function searchSensors(sensors, text) {
  const wanted = text.trim().toLowerCase();
  if (wanted === "") return sensors;
  return sensors.filter((s) =>
    [s.id, s.uuid, s.hostname, s.version, ...s.analyzers].some((name) => name.toLowerCase().includes(wanted)));
}
