// Every sensor and its state.

import { adviceOn } from "./advice.js";
import { clockFault, formatAge, formatDelay, refusals, searchSensors, sensorKinds, sensorOrders, sortSensors } from "./model.js";
import { createPage } from "./page.js";
import * as parts from "./parts.js";
import { el, formatNumber, formatTime, parseTime, printable, putNumber } from "../lib/text.js";

const askEvery = 60_000;

// Maximum number of rows: more are slow, and nobody reads them.
const maxRows = 500;

/** @type {[SensorOrder, string][]} */
const columns = [
  ["sensor", "Sensor"], ["lastSeen", "Last seen"], ["accepted", "Accepted"], ["refused", "Refused"],
  ["lastHour", "Last hour"], ["clock", "Delay"], ["version", "Version"],
];
const numeric = new Set(["accepted", "refused"]);

/** sensorOf takes from the server's answer what is shown, in the types it is to have. @param {Unchecked<Sensor>} given @returns {Sensor} */
function sensorOf(given) {
  /** @param {unknown} value */
  const text = (value) => (typeof value === "string" ? value : "");
  return {
    id: text(given.id), uuid: text(given.uuid), hostname: text(given.hostname), version: text(given.version),
    firstSeen: text(given.firstSeen), lastSeen: text(given.lastSeen),
    analyzers: (given.analyzers ?? []).map(String), unclassified: (given.unclassified ?? []).map(String), refused: given.refused ?? {},
    accepted: Number(given.accepted), lastHour: Number(given.lastHour), perHour: (given.perHour ?? []).map(Number),
    community: given.community === true, quiet: given.quiet === true,
    delay: Number.isInteger(given.delay) ? given.delay : null, clock: text(given.clock),
  };
}

/** @param {Record<string, number>} refused */
const reasons = (refused) => Object.entries(refused).sort(([, m], [, n]) => n - m)
  .map(([reason, n]) => `${printable(reason)} ${formatNumber(n)}`).join(", ");

/** @param {Sensor} sensor */
function refusedCell(sensor) {
  const all = refusals(sensor);
  return parts.cell("Refused", "number", putNumber(el("span"), all),
    all > 0 && el("span", { class: "note block" }, reasons(sensor.refused)));
}

/** @param {Sensor} sensor */
function nameCell(sensor) {
  const title = sensor.hostname || sensor.id;
  const names = [...new Set([sensor.uuid, sensor.id, ...sensor.analyzers])].filter((name) => name && name !== title);
  return el("th", { scope: "row", role: "rowheader" },
    sensor.quiet && el("span", { class: "chip warn private-quiet" }, parts.quietIcon(), "Quiet"),
    el("strong", null, printable(title)),
    !sensor.community && el("span", { class: "chip private-domain" }, "private"),
    el("span", { class: "note block" }, names.map(printable).join(", ")),
    sensor.unclassified.length > 0 && el("span", { class: "note block" },
      `Unknown: ${sensor.unclassified.map(printable).join(", ")}`));
}

/** @param {Sensor} sensor */
function clockCell(sensor) {
  const fault = clockFault(sensor);
  return parts.cell("Delay", "private-clock", el("span", { class: "number" }, formatDelay(sensor.delay)),
    fault && el("span", { class: "block" },
      el("span", { class: "chip warn private-quiet" }, parts.quietIcon(), sensorKinds[fault].name)));
}

/** @param {Sensor} sensor @param {number} now */
function row(sensor, now) {
  const seen = parseTime(sensor.lastSeen);
  return parts.row(sensor.quiet ? "quiet" : "",
    nameCell(sensor),
    parts.cell("Last seen", "private-seen", seen ? `${formatAge((now - seen.getTime()) / 1000)} ago` : "never",
      el("span", { class: "note block" }, formatTime(sensor.lastSeen))),
    parts.cell("Accepted", "number", putNumber(el("span"), sensor.accepted)),
    refusedCell(sensor),
    parts.cell("Last hour", "private-hours", putNumber(el("span"), sensor.lastHour), parts.hours(sensor.perHour)),
    clockCell(sensor),
    parts.cell("Version", "private-version", printable(sensor.version) || "–"));
}

/** @param {{ api: Api }} page @returns {PrivatePage} */
export function createSensorsPage({ api }) {
  const search = el("input", { type: "search", autocomplete: "off", spellcheck: "false", on: { input: draw } });
  const kind = el("select", { on: { change: draw } });
  const advice = el("div");
  const summary = el("p", { class: "note", role: "status" });
  const others = el("p", { class: "note" });
  const heads = columns.map(([order, name]) => parts.head(numeric.has(order) ? "number" : "",
    el("button", { type: "button", class: "sort", on: { click: () => sortBy(order) } }, name)));
  const rows = parts.body();
  const table = parts.table({
    className: "private-sensors",
    caption: el("caption", { class: "vh" }, "Sensors, those gone quiet first"),
    heads, rows,
  });
  const meaning = el("p", { class: "note" },
    "Delay: typical time from CreateTime to arrival, the median of the last messages. " +
    "Below 5 minutes is normal; “ahead” means that they are dated in the future.");
  const body = el("div", null,
    advice,
    el("div", { class: "private-filter" },
      el("label", { class: "field" }, el("span", null, "Host name, id, analyzer or version"), search),
      el("label", { class: "field" }, el("span", null, "Show"), kind)),
    summary, parts.scroll("Sensors", table), meaning, others);

  /** @type {Sensor[]} */
  let sensors = [];
  let complete = true; // whether the server has listed all
  let now = 0; // by the server's clock, which the times are of
  /** @type {SensorOrder} */
  let order = "lastSeen";
  let descending = true;

  /** @param {SensorOrder} wanted */
  function sortBy(wanted) {
    descending = wanted === order ? !descending : sensorOrders[wanted].descending;
    order = wanted;
    draw();
  }

  /** choose shows one kind of sensors only. @param {SensorKind} wanted */
  function choose(wanted) {
    kind.value = wanted;
    draw();
    kind.focus();
  }

  // offer fills the choice of kinds with those that there are.
  function offer() {
    const chosen = kind.value;
    const kinds = Object.entries(sensorKinds).map(([value, { name, has }]) => ({ value, name, n: sensors.filter(has).length }))
      .filter(({ n }) => n > 0);
    kind.replaceChildren(el("option", { value: "" }, "All sensors"),
      ...kinds.map(({ value, name, n }) => el("option", { value }, `${name} (${formatNumber(n)})`)));
    kind.value = kinds.some(({ value }) => value === chosen) ? chosen : "";
  }

  function draw() {
    const wanted = kind.value === "" ? sensors : sensors.filter(sensorKinds[/** @type {SensorKind} */ (kind.value)].has);
    const found = sortSensors(searchSensors(wanted, search.value), order, descending);
    const left = found.length - maxRows;
    const quiet = found.filter((sensor) => sensor.quiet).length;
    heads.forEach((head, i) => {
      const sorted = columns[i][0] === order;
      head.setAttribute("aria-sort", sorted ? (descending ? "descending" : "ascending") : "none");
    });
    rows.replaceChildren(...found.slice(0, maxRows).map((sensor) => row(sensor, now)));
    table.hidden = found.length === 0;
    summary.textContent = [
      sensors.length === 0 ? "No sensor has sent anything yet." : `${formatNumber(found.length)} of ${formatNumber(sensors.length)} sensors`,
      quiet > 0 && `${formatNumber(quiet)} gone quiet`,
      !complete && "the server has more, silent for longer, that are not listed",
      left > 0 && `${formatNumber(left)} more are not shown: use the search`,
    ].filter(Boolean).join("; ");
  }

  return createPage({
    title: "Sensors",
    every: askEvery,
    async ask() {
      const answer = await api.privateGet("/alert/sensors");
      return { at: api.now(), answer };
    },
    body,
    draw({ answer, at }) {
      sensors = answer.sensors.map(sensorOf);
      complete = answer.complete !== false;
      now = at;
      const rest = answer.others ?? { accepted: 0, refused: {} };
      const refused = reasons(rest.refused ?? {});
      others.textContent = rest.accepted > 0 || refused
        ? `Unlisted senders: ${formatNumber(rest.accepted)} accepted, refused: ${refused || "none"}.` : "";
      offer();
      const advised = adviceOn(sensors, choose);
      advice.replaceChildren(...(advised ? [advised] : []));
      draw();
    },
    erase() {
      sensors = [];
      complete = true;
      rows.replaceChildren();
      advice.replaceChildren();
      kind.replaceChildren();
      search.value = "";
      summary.textContent = "";
      others.textContent = "";
    },
  });
}
