// A list of alerts with all fields: one row each, which can be opened.

import { nameOf } from "../lib/names.js";
import { classOf } from "../lib/palette.js";
import { serviceOf } from "../lib/ports.js";
import { detailsOf, portText } from "./details.js";
import { filterAlerts, requestHasCredentials, tally } from "./model.js";
import * as parts from "./parts.js";
import { cut, el, formatNumber, formatTime, printable } from "../lib/text.js";

// Number of rows created at once.
const rowsMore = 200;

// How much of a name is shown in a row.
const nameText = 80;

let made = 0;

/** @param {string} text */
const name = (text) => cut(printable(text), nameText);
/** @param {...Child} children */
const note = (...children) => el("span", { class: "note block" }, children);

/**
 * options fills a select with what is there to choose, and keeps what is chosen.
 * @param {HTMLSelectElement} select @param {string} all @param {[string, number][]} names @param {(value: string) => string} label
 */
function options(select, all, names, label) {
  const chosen = select.value;
  select.replaceChildren(el("option", { value: "" }, all), ...names.map(([value, count]) =>
    el("option", { value }, `${label(value)} (${formatNumber(count)})`)));
  select.value = names.some(([value]) => value === chosen) ? chosen : "";
}

/** extras are what a row shows below the request. @param {PrivateAlert} alert */
function extras(alert) {
  const shown = (alert.username !== "" || alert.password !== "") && !requestHasCredentials(alert);
  const known = [
    ["User", shown ? alert.username : ""], ["Password", shown ? alert.password : ""],
    ["CVE", alert.cve], ["Payload", alert.payloadHash],
  ].filter(([, text]) => text);
  return known.length > 0 && el("ul", { class: "private-extras" }, known.map(([title, text]) =>
    el("li", null, el("span", { class: "note" }, `${title} `), el("code", null, name(text)))));
}

/**
 * createAlertList returns a list. time names the member that it is in the order of. With
 * openAddress rows show where they came from, and it is called with that; introduce
 * returns how many of what are listed.
 * @param {{
 *   label: string, time: { key: "created" | "received", title: string },
 *   openAddress?: (address: string) => void, introduce: (n: number) => string,
 * }} list
 */
export function createAlertList({ label, time, openAddress, introduce }) {
  const text = el("input", { type: "search", autocomplete: "off", spellcheck: "false", on: { input: restart } });
  const type = el("select", { on: { change: restart } });
  const country = el("select", { on: { change: restart } });
  const summary = el("p", { class: "note", role: "status" });
  const rows = parts.body();
  const more = el("button", { type: "button", class: "button", on: { click: () => draw(limit + rowsMore) } });
  const titles = [time.title, ...(openAddress ? ["Source"] : []), "Port", "Type", "Sensor", "Request"];
  const table = parts.table({
    className: "private-alerts",
    caption: el("caption", { class: "vh" }, `${label}, newest first`),
    heads: titles.map((title) => parts.head("", title)),
    rows,
  });
  const root = el("div", null,
    el("div", { class: "private-filter", role: "group", "aria-label": "Which alerts are shown" },
      el("label", { class: "field" }, el("span", null, "Search everything in the list"), text),
      el("label", { class: "field" }, el("span", null, "Type"), type),
      openAddress && el("label", { class: "field" }, el("span", null, "From"), country)),
    summary,
    parts.scroll(label, table),
    more);

  /** @type {PrivateAlert[]} */
  let alerts = [];
  let shown = 0;
  let limit = rowsMore;

  function restart() {
    shown = 0;
    rows.replaceChildren();
    draw(rowsMore);
  }

  /** draw adds the rows up to a number; those that are there stay, and stay open. @param {number} max */
  function draw(max) {
    const found = filterAlerts(alerts, { text: text.value, type: type.value, country: country.value });
    limit = max;
    rows.append(...found.slice(shown, limit).map(row));
    shown = Math.min(limit, found.length);
    table.hidden = shown === 0;
    summary.textContent = [
      introduce(alerts.length),
      found.length < alerts.length && (found.length === 0 ? "none match" : `${formatNumber(found.length)} of them match`),
      shown < found.length && `the first ${formatNumber(shown)} are shown`,
    ].filter(Boolean).join("; ") + ".";
    more.hidden = shown === found.length;
    more.textContent = `Show ${formatNumber(Math.min(rowsMore, found.length - shown))} more`;
  }

  /** @param {PrivateAlert} alert */
  function row(alert) {
    const id = `private-details-${++made}`;
    const when = formatTime(alert[time.key]);
    const button = el("button", {
      type: "button", class: "link private-open", "aria-expanded": "false", "aria-controls": id, on: { click: () => toggle() },
    }, "Details", el("span", { class: "vh" }, ` of the alert of ${when}`));
    const main = parts.row("",
      parts.cell(time.title, "private-time", when, button),
      openAddress && parts.cell("Source", "private-source",
        el("button", { type: "button", class: "link code", on: { click: () => openAddress(alert.source.address) } }, name(alert.source.address)),
        note(nameOf(alert.source.country, alert.source.countryName)), alert.source.as && note(name(alert.source.as))),
      parts.cell("Port", "private-port",
        el("span", { class: "code" }, name(portText(alert.target.port, alert.transport)) || "–"),
        serviceOf(alert.target.port) && note(serviceOf(alert.target.port)),
        alert.source.port && note(`from ${name(alert.source.port)}`)),
      parts.cell("Type", "private-type", el("span", { class: `dot ${classOf(alert.type)}` }), name(alert.type)),
      parts.cell("Sensor", "private-sensor", name(alert.sensor.hostname || alert.sensor.id),
        note(name(alert.analyzer)), note(nameOf(alert.target.country, alert.target.countryName))),
      parts.cell("Request", "private-request", parts.requestText(alert.request), extras(alert)));
    /** @type {HTMLElement | null} */
    let details = null;

    // Closed details are removed: one alert may have 256 KiB of text.
    function toggle() {
      if (details) {
        details.remove();
        details = null;
      } else {
        details = el("tr", { class: "private-details", role: "row", id },
          el("td", { role: "cell", colspan: String(titles.length) }, detailsOf(alert)));
        main.after(details);
      }
      button.setAttribute("aria-expanded", String(details !== null));
    }
    return main;
  }

  return {
    root,
    /** @param {PrivateAlert[]} list */
    show(list) {
      alerts = list;
      options(type, "All types", tally(alerts, (a) => a.type), name);
      options(country, "All countries", tally(alerts, (a) => a.source.country), (code) => nameOf(code));
      restart();
    },
    erase() {
      alerts = [];
      shown = 0;
      rows.replaceChildren();
      for (const select of [type, country]) select.replaceChildren();
      text.value = "";
      summary.textContent = "";
    },
  };
}
