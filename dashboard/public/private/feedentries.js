// The entries of a feed, and why each is listed.

import { interactionText, scoreParts, scoreText } from "./feedmodel.js";
import { nameOf } from "../lib/names.js";
import { classOf } from "../lib/palette.js";
import * as parts from "./parts.js";
import { cut, el, formatTime, printable, putNumber } from "../lib/text.js";

/** @param {...Child} children */
const note = (...children) => el("span", { class: "note block" }, children);
/** @param {string} text */
const short = (text) => cut(printable(text), 120);

/** scoreOf shows a score, and what it is made of. @param {FeedListing} listing */
export const scoreOf = (listing) => [
  el("span", { class: "feeds-score" }, el("strong", { class: "number" }, String(listing.score)),
    el("span", { class: "feeds-parts", "aria-hidden": "true" }, scoreParts.map(([part, , , color]) =>
      el("span", { class: color, vars: { "--part": String(listing.scoreParts[part]) } })))),
  note(scoreText(listing)),
];

/** typesOf names honeypot types. @param {string[]} types */
export const typesOf = (types) => el("ul", { class: "feeds-types" }, types.map((type) =>
  el("li", null, el("span", { class: `dot ${classOf(type)}` }), short(type))));

/** placeOf names country and network. @param {FeedListing} listing */
export const placeOf = ({ country, as }) => [country && nameOf(country), short(as)].filter(Boolean).join(", ") || "Unknown";

/** addressOf is a button that opens the page of an address. @param {string} ip @param {(ip: string) => void} openAddress */
export const addressOf = (ip, openAddress) =>
  el("button", { type: "button", class: "link code", on: { click: () => openAddress(ip) } }, short(ip));

const columns = ["Address", "Score", "Alerts", "Sensors", "Days", "Types", "Furthest interaction", "Listed since", "Ban until"];
const numeric = new Set(["Alerts", "Sensors", "Days"]);

/** row is an entry. @param {FeedListing} listing @param {(ip: string) => void} openAddress */
const row = (listing, openAddress) => parts.row("",
  el("th", { scope: "row", role: "rowheader", class: "feeds-address" }, addressOf(listing.ip, openAddress), note(placeOf(listing))),
  parts.cell("Score", "feeds-why", ...scoreOf(listing)),
  parts.cell("Alerts", "number", putNumber(el("span"), listing.alerts)),
  parts.cell("Sensors", "number", putNumber(el("span"), listing.sensors)),
  parts.cell("Days", "number", putNumber(el("span"), listing.days)),
  parts.cell("Types", "", typesOf(listing.types)),
  parts.cell("Furthest interaction", "", short(interactionText(listing.interaction))),
  parts.cell("Listed since", "feeds-time", formatTime(listing.since), note("first alert ", formatTime(listing.first))),
  parts.cell("Ban until", "feeds-time", formatTime(listing.until), note("last alert ", formatTime(listing.last))));

/** createEntries returns a table of entries. @param {{ openAddress: (ip: string) => void }} page */
export function createEntries({ openAddress }) {
  const rows = parts.body();
  const table = parts.table({
    className: "feeds-entries",
    caption: el("caption", { class: "vh" }, "Entries, highest rank first"),
    heads: columns.map((title) => parts.head(numeric.has(title) ? "number" : "", title)),
    rows,
  });
  return {
    root: parts.scroll("Entries of the feed", table),
    /** @param {FeedListing[]} entries */
    show: (entries) => rows.replaceChildren(...entries.map((listing) => row(listing, openAddress))),
  };
}
