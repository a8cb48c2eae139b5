// The newest alerts, with their sources' addresses.

import { nameOf } from "./names.js";
import { classOf } from "./palette.js";
import { filterAlerts, tally } from "./private-model.js";
import { createPage, once } from "./private-page.js";
import * as parts from "./private-parts.js";
import { parseAlerts } from "./private-xml.js";
import { el, formatNumber, formatTime, printable } from "./text.js";

// How many rows are made at once.
const rowsMore = 200;

// options fills a select with what is there to choose, and keeps what is chosen.
function options(select, all, names, label) {
  const chosen = select.value;
  select.replaceChildren(el("option", { value: "" }, all), ...names.map(([name, count]) =>
    el("option", { value: name }, `${label(name)} (${formatNumber(count)})`)));
  select.value = names.some(([name]) => name === chosen) ? chosen : "";
}

export function createAlertsPage({ api, openAddress }) {
  const text = el("input", { type: "search", autocomplete: "off", spellcheck: "false", on: { input: restart } });
  const type = el("select", { on: { change: restart } });
  const country = el("select", { on: { change: restart } });
  const told = el("p", { class: "note", role: "status" });
  const rows = parts.body();
  const more = el("button", { type: "button", class: "button", on: { click: () => draw(limit + rowsMore) } });
  const table = parts.table({
    className: "private-alerts",
    caption: el("caption", { class: "vh" }, "The newest alerts, newest first"),
    heads: ["Time", "Source", "Type", "Sensor", "Request"].map((name) => parts.head("", name)),
    rows,
  });
  const body = el("div", null,
    el("div", { class: "private-filter", role: "group", "aria-label": "Which alerts are shown" },
      el("label", { class: "field" }, el("span", null, "Address, sensor or request"), text),
      el("label", { class: "field" }, el("span", null, "Type"), type),
      el("label", { class: "field" }, el("span", null, "From"), country)),
    told,
    parts.scroll("Alerts", table),
    more);

  let alerts = [];
  let limit = rowsMore;

  function restart() {
    draw(rowsMore);
  }

  function draw(most) {
    const found = filterAlerts(alerts, { text: text.value, type: type.value, country: country.value });
    const shown = Math.min(most, found.length);
    const kept = most > limit ? rows.children.length : 0;
    limit = most;
    const fresh = found.slice(kept, shown).map(row);
    if (kept > 0) rows.append(...fresh);
    else rows.replaceChildren(...fresh);
    table.hidden = shown === 0;
    told.textContent = shown === 0 ? "No such alerts."
      : `${formatNumber(found.length)} of the newest ${formatNumber(alerts.length)} alerts` +
        (shown < found.length ? `; the first ${formatNumber(shown)} are shown.` : ".");
    more.hidden = shown === found.length;
    more.textContent = `Show ${formatNumber(Math.min(rowsMore, found.length - shown))} more`;
  }

  const place = (code) => el("span", { class: "note block" }, nameOf(code));

  function row(alert) {
    return parts.row("",
      parts.cell("Time", "private-time", formatTime(alert.time)),
      parts.cell("Source", "private-source",
        el("button", { type: "button", class: "link code", on: { click: () => openAddress(alert.address) } }, printable(alert.address)),
        place(alert.country)),
      parts.cell("Type", "private-type", el("span", { class: `dot ${classOf(alert.type)}` }), printable(alert.type)),
      parts.cell("Sensor", "private-sensor", printable(alert.sensor), place(alert.targetCountry)),
      parts.cell("Request", "private-request", parts.requestText(alert.request)));
  }

  return createPage({
    title: "Latest alerts",
    every: once,
    ask: async () => parseAlerts(await (await api.privateGet("/alert/retrieveAlertsCyber")).text()),
    body,
    draw(answer) {
      alerts = answer;
      options(type, "All types", tally(alerts, (a) => a.type), printable);
      options(country, "All countries", tally(alerts, (a) => a.country), (code) => nameOf(code));
      restart();
    },
    erase() {
      alerts = [];
      rows.replaceChildren();
      for (const select of [type, country]) select.replaceChildren();
      text.value = "";
      told.textContent = "";
    },
  });
}
