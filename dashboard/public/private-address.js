// What one address has done.

import { nameOf } from "./names.js";
import { classOf } from "./palette.js";
import { formatAge, isAddress, summarize } from "./private-model.js";
import { createPage, once } from "./private-page.js";
import * as parts from "./private-parts.js";
import { parseAlerts } from "./private-xml.js";
import { cut, el, formatNumber, formatTime, parseTime, printable } from "./text.js";

// How many of its alerts are listed: they are all counted.
const listed = 200;

function span(first, last) {
  const [from, to] = [parseTime(first), parseTime(last)];
  return from && to ? formatAge((to - from) / 1000) : "–";
}

const fact = (name, value) => el("div", null, el("dt", null, name), el("dd", null, value));

function facts({ count, first, last }) {
  return el("dl", { class: "private-facts" },
    fact("Alerts", formatNumber(count)),
    fact("First", formatTime(first)),
    fact("Last", formatTime(last)),
    fact("Within", span(first, last)));
}

function list(alerts) {
  const left = alerts.length - listed;
  const rows = alerts.slice(0, listed).map((alert) => parts.row("",
    parts.cell("Time", "private-time", formatTime(alert.time)),
    parts.cell("Type", "private-type", el("span", { class: `dot ${classOf(alert.type)}` }), printable(alert.type)),
    parts.cell("Sensor in", "private-sensor", nameOf(alert.targetCountry)),
    parts.cell("Request", "private-request", parts.requestText(alert.request))));
  return [
    parts.scroll("Alerts of the address", parts.table({
      className: "private-alerts",
      caption: el("caption", null, "Its alerts, newest first"),
      heads: ["Time", "Type", "Sensor in", "Request"].map((name) => parts.head("", name)),
      rows: parts.body(...rows),
    })),
    left > 0 && el("p", { class: "note" }, `${formatNumber(left)} older ones are counted above, and not listed.`),
  ];
}

export function createAddressPage({ api, state }) {
  const input = el("input", {
    type: "text", id: "private-ip", autocomplete: "off", spellcheck: "false", maxlength: "45", required: true,
    "aria-describedby": "private-ip-fault", on: { input: () => blame("") },
  });
  const fault = el("p", { class: "private-fault", id: "private-ip-fault", role: "alert" });
  const form = el("form", { class: "private-filter", on: { submit } },
    el("label", { class: "field" }, el("span", null, "IPv4 or IPv6 address"), input),
    el("button", { type: "submit", class: "button primary" }, "Look up"), fault);
  const found = el("div");
  const page = createPage({
    title: "One address",
    every: once,
    async ask() {
      const ip = state.get("ip");
      if (!isAddress(ip)) return null;
      return { ip, alerts: parseAlerts(await (await api.privateGet("/alert/querySingleIP", { ip })).text()) };
    },
    body: found,
    draw,
    erase() {
      found.replaceChildren();
      input.value = state.get("ip");
      blame("");
    },
  });
  page.root.children[0].after(form);
  state.on("ip", page.renew);

  function blame(text) {
    fault.textContent = text;
    input.setAttribute("aria-invalid", String(text !== ""));
  }

  function submit(event) {
    event.preventDefault();
    const ip = input.value.trim();
    if (!isAddress(ip)) {
      blame("That is neither an IPv4 address, such as 192.0.2.1, nor an IPv6 address, such as 2001:db8::1.");
      input.focus();
      return;
    }
    if (ip === state.get("ip")) page.renew();
    else state.set({ ip });
  }

  function draw(answer) {
    if (answer === null) {
      found.replaceChildren(el("p", { class: "empty" }, "Enter an address, or choose one among the latest alerts."));
      return;
    }
    const { ip, alerts } = answer;
    if (alerts.length === 0) {
      found.replaceChildren(el("p", { class: "empty" },
        `No alerts of ${ip}. Alerts are kept for the retention time, and addresses of private networks are not kept.`));
      return;
    }
    const summary = summarize(alerts);
    found.replaceChildren(
      el("h4", { class: "private-address code" }, ip),
      facts(summary),
      el("p", { class: "note" }, "By the sensors' clocks. The server tells of the newest alerts, 1,000 unless its operator set another number."),
      el("div", { class: "private-columns" },
        parts.counts({ title: "Honeypot types", kind: "Type", tallied: summary.types, nameOf: printable, colorOf: classOf }),
        parts.counts({ title: "Countries of sensors", kind: "Country", tallied: summary.targets, nameOf: (code) => nameOf(code) }),
        parts.counts({
          title: "Requests", kind: "Request", tallied: summary.requests, colorOf: () => "series-8",
          nameOf: (request) => cut(printable(request), 200) || "none told",
        })),
      ...list(alerts).filter(Boolean));
  }

  return page;
}
