// Computations of the private pages, without the DOM.

import { formatNumber, parseTime } from "../lib/text.js";

/** isAddress returns whether a text is an IPv4 or IPv6 address. @param {string} text */
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

/** formatAge writes for how long something has been, in its largest unit. @param {number} seconds */
export function formatAge(seconds) {
  const s = Math.max(0, Math.floor(seconds));
  if (s < 60) return `${s} s`;
  if (s < 3600) return `${Math.floor(s / 60)} min`;
  if (s < 86400) return `${Math.floor(s / 3600)} h ${Math.floor(s / 60) % 60} min`;
  return `${Math.floor(s / 86400)} d ${Math.floor(s / 3600) % 24} h`;
}

/**
 * tally counts what key returns, most first, then by name.
 * @template T
 * @param {T[]} list @param {(item: T) => string} key
 * @returns {[string, number][]}
 */
export function tally(list, key) {
  const counts = new Map();
  for (const item of list) counts.set(key(item), (counts.get(key(item)) ?? 0) + 1);
  return [...counts].sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1));
}

/** @param {unknown} value */
const text = (value) => (typeof value === "string" ? value : "");

/** known returns a text of the server, "" for the one that stands for none. @param {unknown} value @param {string} none */
const known = (value, none) => (value === none ? "" : text(value));

/** @param {Unchecked<Endpoint> | undefined} given @returns {Endpoint} */
const endpointOf = (given) => ({
  address: text(given?.address), port: text(given?.port), country: text(given?.country), countryName: known(given?.countryName, "-"),
  as: known(given?.as, "-"), lat: text(given?.lat), lng: text(given?.lng),
});

/**
 * alertOf returns an alert of a private list with every member that the page reads,
 * in the type that it expects; a text that the sensor did not send is "".
 * @param {Record<string, any>} given
 * @returns {PrivateAlert}
 */
function alertOf(given) {
  return {
    id: text(given.id), created: text(given.dateCreated), received: text(given.dateReceived),
    community: given.clientDomain === true, type: text(given.analyzerType), analyzer: text(given.analyzer),
    source: endpointOf(given.source), target: endpointOf(given.target), transport: text(given.transport),
    sensor: {
      id: text(given.sensor?.id), uuid: text(given.sensor?.uuid), hostname: known(given.sensor?.hostname, "undefined"),
      externalIP: known(given.sensor?.externalIP, "1.1.1.1"), internalIP: known(given.sensor?.internalIP, "1.1.1.1"),
    },
    request: text(given.request), raw: known(given.raw, "-"),
    username: text(given.username), password: text(given.password), login: text(given.login), client: text(given.clientVersion),
    cve: text(given.cve), payloadHash: text(given.payloadHash),
    session: { id: text(given.session?.id), start: text(given.session?.start), end: text(given.session?.end) },
    data: Object.entries(given.additionalData ?? {}).map(([name, value]) => [name, typeof value === "string" ? value : JSON.stringify(value)]),
  };
}

/** alertsOf reads the answer of retrieveAlertsCyber or querySingleIP. @param {PrivateAlertList} answer */
export function alertsOf(answer) {
  if (!Array.isArray(answer?.alerts)) throw new Error("the server's answer is not a list of alerts");
  return answer.alerts.map((given) => alertOf(given ?? {}));
}

/** wordsOf are all texts of an alert that a search looks at. @param {PrivateAlert} alert */
const wordsOf = (alert) => [
  alert.id, alert.type, alert.analyzer, alert.transport, ...Object.values(alert.source), ...Object.values(alert.target),
  ...Object.values(alert.sensor), alert.request, alert.raw, alert.username, alert.password, alert.login, alert.client,
  alert.cve, alert.payloadHash, ...Object.values(alert.session), ...alert.data.flat(),
];

/**
 * filterAlerts keeps the alerts of a type and of a source's country ("" is all)
 * that have the text somewhere in them.
 * @param {PrivateAlert[]} alerts @param {{ text: string, type: string, country: string }} wanted
 */
export function filterAlerts(alerts, { text: searched, type, country }) {
  const wanted = searched.trim().toLowerCase();
  return alerts.filter((alert) =>
    (type === "" || alert.type === type) &&
    (country === "" || alert.source.country === country) &&
    (wanted === "" || wordsOf(alert).some((s) => s.toLowerCase().includes(wanted))));
}

/** @param {string} s */
const quoted = (s) => (s === "" ? "<none>" : `"${s}"`);

/**
 * requestHasCredentials reports whether an alert's request already shows its user
 * name and password: the server writes them there where there is no other request.
 * @param {PrivateAlert} alert
 */
export const requestHasCredentials = ({ request, username, password }) =>
  request.startsWith(`Username: ${quoted(username)} | Password: ${quoted(password)}`);

/** listedText says which part of an address's alerts is listed. @param {number} listed @param {number} total */
export function listedText(listed, total) {
  if (listed < total) return `The newest ${formatNumber(listed)} of ${formatNumber(total)} are listed`;
  return listed === 1 ? "Its only alert is listed" : `All ${formatNumber(listed)} are listed`;
}

/** @param {Record<string, number>} counts */
const sum = (counts) => Object.values(counts).reduce((all, n) => all + n, 0);

/**
 * sensorOrders are what sensors can be sorted by: the values to compare, and which way is usual.
 * @type {Record<SensorOrder, { value: (s: Sensor) => string | number, descending: boolean }>}
 */
export const sensorOrders = {
  sensor: { value: (s) => (s.hostname || s.id).toLowerCase(), descending: false },
  lastSeen: { value: (s) => parseTime(s.lastSeen)?.getTime() ?? 0, descending: true },
  accepted: { value: (s) => s.accepted, descending: true },
  refused: { value: (s) => refusals(s), descending: true },
  lastHour: { value: (s) => s.lastHour, descending: true },
  clock: { value: (s) => (clockFault(s) ? 1e9 : 0) + Math.abs(s.delay ?? 0), descending: true },
  version: { value: (s) => s.version.toLowerCase(), descending: false },
};

/** @type {SensorKind[]} */
const clockFaults = ["timezone", "wrong", "delayed"];

/** clockFault returns what a sensor's delays say that is to be fixed, if anything is. @param {Sensor} sensor */
export const clockFault = (sensor) => clockFaults.find((kind) => kind === sensor.clock);

/** formatDelay writes how long after their CreateTime alerts arrive. @param {number | null} seconds */
export function formatDelay(seconds) {
  if (seconds === null) return "–";
  return seconds < 0 ? `${formatAge(-seconds)} ahead` : formatAge(seconds);
}

/**
 * sensorKinds are what the sensors' list can be cut down to.
 * @type {Record<SensorKind, { name: string, has: (s: Sensor) => boolean }>}
 */
export const sensorKinds = {
  quiet: { name: "Gone quiet", has: (s) => s.quiet },
  timezone: { name: "Wrong time zone", has: (s) => s.clock === "timezone" },
  wrong: { name: "Wrong clock", has: (s) => s.clock === "wrong" },
  delayed: { name: "Late", has: (s) => s.clock === "delayed" },
  unknown: { name: "Unknown analyzers", has: (s) => s.unclassified.length > 0 },
};

/** unknownAnalyzers returns the analyzers of unknown types as [id, number of sensors]. @param {Sensor[]} sensors */
export const unknownAnalyzers = (sensors) => tally(sensors.flatMap((s) => [...new Set(s.unclassified)]), (id) => id);

/** @param {Sensor} sensor */
export const refusals = (sensor) => sum(sensor.refused);

/**
 * sortSensors returns the sensors in an order, those gone quiet first.
 * @param {Sensor[]} sensors @param {SensorOrder} order @param {boolean} descending
 */
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

/** searchSensors keeps those with what is searched in one of their names. @param {Sensor[]} sensors @param {string} searched */
export function searchSensors(sensors, searched) {
  const wanted = searched.trim().toLowerCase();
  if (wanted === "") return sensors;
  return sensors.filter((s) =>
    [s.id, s.uuid, s.hostname, s.version, ...s.analyzers].some((name) => name.toLowerCase().includes(wanted)));
}
