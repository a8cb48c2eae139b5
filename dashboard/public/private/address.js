// Everything about one address: counts of all its alerts, and a list of the
// newest.

import { nameOf } from "../lib/names.js";
import { classOf } from "../lib/palette.js";
import { serviceOf } from "../lib/ports.js";
import { createAddressForm } from "./addressform.js";
import { findingsOf } from "./feedmodel.js";
import { createAlertList } from "./list.js";
import { alertsOf, formatAge, isAddress, listedText, tally } from "./model.js";
import { createPage, once } from "./page.js";
import * as parts from "./parts.js";
import { cut, el, formatNumber, formatTime, parseTime, printable, putNumber } from "../lib/text.js";

/** @param {string | undefined} first @param {string | undefined} last */
function span(first, last) {
  const [from, to] = [parseTime(first), parseTime(last)];
  return from && to ? formatAge((to.getTime() - from.getTime()) / 1000) : "–";
}

/** @param {string} name @param {Child} value */
const fact = (name, value) => el("div", null, el("dt", null, name), el("dd", null, value));

/**
 * listings names the feeds that list the address; openFeeds shows why.
 * @param {string[]} feeds @param {() => void} openFeeds
 */
const listings = (feeds, openFeeds) => (feeds.length === 0 ? "none"
  : el("button", { type: "button", class: "link", on: { click: openFeeds } }, cut(feeds.map(printable).join(", "), 120)));

/** @param {Enrichment} summary @param {Child} listed */
function facts(summary, listed) {
  return el("dl", { class: "private-facts" },
    fact("Alerts", putNumber(el("span"), summary.alerts)),
    fact("First arrived", formatTime(summary.first)),
    fact("Last arrived", formatTime(summary.last)),
    fact("Within", span(summary.first, summary.last)),
    fact("Country", nameOf(summary.country, summary.countryName)),
    summary.as && summary.as !== "-" && fact("Network", cut(printable(summary.as), 120)),
    fact("Listed in feeds", listed));
}

/** @param {unknown} text */
const short = (text) => cut(printable(text), 200);
/** @param {string | undefined} text */
const quoted = (text) => (text ? `"${text}"` : "none");

/**
 * rankings are the counts by what the server ranks: title, what one of its entries is, its
 * member, and how an entry is called.
 * @type {[string, string, "ports" | "sensors" | "credentials" | "cves", (entry: TopEntry) => string | undefined][]}
 */
const rankings = [
  ["Ports", "Port", "ports", ({ port = "" }) => [port, serviceOf(port)].filter(Boolean).join(" ")],
  ["Sensors", "Sensor", "sensors", ({ id, hostname }) => (hostname && hostname !== "undefined" ? hostname : id)],
  ["Credentials", "User and password", "credentials", ({ username, password }) => `${quoted(username)} / ${quoted(password)}`],
  ["CVEs", "CVE", "cves", ({ cve }) => cve],
];

/**
 * columns are all counts of the answer of enrichment, and of the listed alerts the
 * requests, which the server does not count.
 * @param {Enrichment} summary @param {PrivateAlert[]} listed
 */
function columns(summary, listed) {
  const all = Number(summary.alerts);
  const days = Object.entries(summary.perDay ?? {}).reverse()
    .map(([day, count]) => ({ name: day.slice(0, 10), count: Number(count), color: "series-1" }));
  const types = Object.entries(summary.types ?? {}).sort(([, m], [, n]) => Number(n) - Number(m))
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

/** @param {{ api: Api, state: State }} page @returns {PrivatePage} */
export function createAddressPage({ api, state }) {
  const address = createAddressForm({ state, id: "private-ip", label: "IPv4 or IPv6 address", again: () => page.renew() });
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
      address.reset();
    },
  });
  page.root.children[0].after(address.form);
  state.on("ip", page.renew);

  async function ask() {
    const ip = state.get("ip");
    if (!isAddress(ip)) return null;
    const [summary, alerts, lookup] = await Promise.all([
      api.privateGet("/alert/enrichment", { ip }),
      api.privateGet("/alert/querySingleIP", { ip, out: "json" }).then(alertsOf),
      api.privateGet("/alert/feedLookup", { ip, ci: -1 }),
    ]);
    // Enrichment knows only of feeds of the domain that is shown.
    const feeds = findingsOf(lookup.feeds).filter(({ listed }) => listed).map(({ name }) => name);
    return { ip, summary, alerts, feeds };
  }

  /** @param {{ ip: string, summary: Enrichment, alerts: PrivateAlert[], feeds: string[] } | null} answer */
  function draw(answer) {
    const { ip, summary, alerts, feeds } = answer ?? { summary: {}, alerts: [], feeds: [] };
    // The server keeps both answers for a minute, so that the list may be the newer one.
    total = Math.max(Number(summary.alerts) || 0, alerts.length);
    listing.hidden = alerts.length === 0;
    list.show(alerts);
    if (answer === null) {
      found.replaceChildren(el("p", { class: "empty" }, "Enter an address, or choose one from the latest alerts."));
    } else if (total === 0) {
      found.replaceChildren(el("p", { class: "empty" }, summary.note ? `${printable(summary.note)}.`
        : `No alerts of ${ip} are stored. Alerts are kept for the retention time.`));
    } else {
      found.replaceChildren(
        el("h4", { class: "private-address code" }, ip),
        facts(summary, listings(feeds, () => state.set({ page: "feeds" }))),
        el("p", { class: "note" }, "Counted from all stored alerts of the address, by time of arrival."),
        el("div", { class: "private-columns" }, columns({ ...summary, alerts: total }, alerts)));
    }
  }

  return page;
}
