// What one address has done: all of its alerts counted, and the newest listed.

import { nameOf } from "./names.js";
import { classOf } from "./palette.js";
import { serviceOf } from "./ports.js";
import { createAlertList } from "./private-list.js";
import { alertsOf, formatAge, isAddress, listedText, tally } from "./private-model.js";
import { createPage, once } from "./private-page.js";
import * as parts from "./private-parts.js";
import { cut, el, formatNumber, formatTime, parseTime, printable } from "./text.js";

function span(first, last) {
  const [from, to] = [parseTime(first), parseTime(last)];
  return from && to ? formatAge((to - from) / 1000) : "–";
}

const fact = (name, value) => el("div", null, el("dt", null, name), el("dd", null, value));

function facts(summary) {
  return el("dl", { class: "private-facts" },
    fact("Alerts", formatNumber(summary.alerts)),
    fact("First arrived", formatTime(summary.first)),
    fact("Last arrived", formatTime(summary.last)),
    fact("Within", span(summary.first, summary.last)),
    fact("Country", nameOf(summary.country, summary.countryName)),
    summary.as && summary.as !== "-" && fact("Network", cut(printable(summary.as), 120)));
}

const short = (text) => cut(printable(text), 200);
const quoted = (text) => (text ? `"${text}"` : "none");

// rankings are the counts by what the server ranks: title, its member, and how one
// of its entries is called.
const rankings = [
  ["Ports", "Port", "ports", ({ port }) => [port, serviceOf(port)].filter(Boolean).join(" ")],
  ["Sensors", "Sensor", "sensors", ({ id, hostname }) => (hostname && hostname !== "undefined" ? hostname : id)],
  ["Credentials", "User and password", "credentials", ({ username, password }) => `${quoted(username)} / ${quoted(password)}`],
  ["CVEs", "CVE", "cves", ({ cve }) => cve],
];

// columns are all counts of the answer of enrichment, and of the listed alerts the
// requests, which the server does not count.
function columns(summary, listed) {
  const all = Number(summary.alerts);
  const days = Object.entries(summary.perDay ?? {}).reverse()
    .map(([day, count]) => ({ name: day.slice(0, 10), count: Number(count), color: "series-1" }));
  const types = Object.entries(summary.types ?? {}).sort(([, m], [, n]) => n - m)
    .map(([type, count]) => ({ name: short(type), count: Number(count), color: classOf(type) }));
  const requests = tally(listed, ({ request }) => request)
    .map(([request, count]) => ({ name: short(request) || "none", count, color: "series-8" }));
  return [
    parts.counts({ title: "Days, newest first", kind: "Day", entries: days, all }),
    parts.counts({ title: "Honeypot types", kind: "Type", entries: types, all }),
    ...rankings.map(([title, kind, member, nameOfEntry]) => {
      const { top = [], distinct = 0 } = summary[member] ?? {};
      const entries = top.map((entry) => ({ name: short(nameOfEntry(entry)), count: Number(entry.alerts), color: "series-8" }));
      return entries.length > 0 && parts.counts({ title, kind, entries, all, distinct: Number(distinct) });
    }),
    requests.length > 0 && parts.counts({
      title: listed.length < all ? `Requests of the newest ${formatNumber(listed.length)}` : "Requests",
      kind: "Request", entries: requests, all: listed.length,
    }),
  ].filter(Boolean);
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
  let total = 0;
  const list = createAlertList({
    label: "Alerts of the address",
    time: { key: "created", title: "Sensor's time" },
    introduce: (n) => `${listedText(n, total)}, by the sensors' clocks`,
  });
  const found = el("div");
  const listing = el("div", { class: "private-listing" }, el("h4", null, "Alerts"), list.root);
  const page = createPage({
    title: "One address",
    every: once,
    ask,
    body: el("div", null, found, listing),
    draw,
    erase() {
      found.replaceChildren();
      list.erase();
      input.value = state.get("ip");
      blame("");
    },
  });
  page.root.children[0].after(form);
  state.on("ip", page.renew);

  async function ask() {
    const ip = state.get("ip");
    if (!isAddress(ip)) return null;
    const [summary, alerts] = await Promise.all([
      api.privateGet("/alert/enrichment", { ip }),
      api.privateGet("/alert/querySingleIP", { ip, out: "json" }).then(alertsOf),
    ]);
    return { ip, summary, alerts };
  }

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
    const { ip, summary, alerts } = answer ?? { summary: {}, alerts: [] };
    // The server keeps both answers for a minute, so that the list may be the newer one.
    total = Math.max(Number(summary.alerts) || 0, alerts.length);
    listing.hidden = alerts.length === 0;
    list.show(alerts);
    if (answer === null) {
      found.replaceChildren(el("p", { class: "empty" }, "Enter an address, or choose one among the latest alerts."));
    } else if (total === 0) {
      found.replaceChildren(el("p", { class: "empty" }, summary.note ? `${printable(summary.note)}.`
        : `No alerts of ${ip} are stored. Alerts are kept for the retention time.`));
    } else {
      found.replaceChildren(
        el("h4", { class: "private-address code" }, ip),
        facts(summary),
        el("p", { class: "note" }, "Counted by the server from all stored alerts of the address, by the time of their arrival."),
        el("div", { class: "private-columns" }, columns({ ...summary, alerts: total }, alerts)));
    }
  }

  return page;
}
