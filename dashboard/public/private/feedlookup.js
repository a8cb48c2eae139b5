// Whether feeds list an address: since when, why, and until when.

import { createAddressForm } from "./addressform.js";
import { addressOf, placeOf, scoreOf, typesOf } from "./feedentries.js";
import { allowancesOf, findingsOf, interactionText } from "./feedmodel.js";
import { isAddress } from "./model.js";
import { createPage, once } from "./page.js";
import { cut, el, formatNumber, formatTime, printable } from "../lib/text.js";

/** @param {string} name @param {...(Child | Child[])} value */
const fact = (name, ...value) => el("div", null, el("dt", null, name), el("dd", null, ...value));

/** @param {number} n @param {string} thing */
const count = (n, thing) => `${formatNumber(n)} ${thing}${n === 1 ? "" : "s"}`;

/** @param {FeedListing} listing */
const why = (listing) => el("dl", { class: "feeds-facts" },
  fact("Listed since", formatTime(listing.since)),
  fact("Ban until", `${formatTime(listing.until)}, unless it is renewed`),
  fact("Score", ...scoreOf(listing)),
  fact("Seen", [count(listing.alerts, "alert"), count(listing.sensors, "sensor"), count(listing.days, "day")].join(", ")),
  fact("First alert", formatTime(listing.first)),
  fact("Last alert", formatTime(listing.last)),
  fact("Types", typesOf(listing.types)),
  fact("Furthest interaction", cut(printable(interactionText(listing.interaction)), 120)),
  fact("From", placeOf(listing)));

/** @param {FeedFinding} finding */
function finding({ name, listed, left }) {
  return el("li", null,
    el("h4", null, `${cut(printable(name), 60)} `, el("span", { class: `chip ${listed ? "warn" : "good"}` }, listed ? "Listed" : "Not listed")),
    listed ? why(listed)
      : el("p", { class: "note" }, left ? `It left the feed on ${formatTime(left)}.` : "It was not in the feed in the last seven days."));
}

/** @param {FeedAllowance} allowance */
const allowed = ({ network, reason, by, until }) => el("li", null,
  el("h4", null, "Allowed: ", el("span", { class: "code" }, printable(network))),
  el("p", { class: "note" }, `No feed lists it ${until ? `until ${formatTime(until)}` : "while this is in force"}. ` +
    `Reason: ${cut(printable(reason), 500)}, by ${cut(printable(by), 120)}.`));

/**
 * createLookup returns a page that looks up the state's address.
 * @param {{ api: Api, state: State, openAddress: (ip: string) => void }} page @returns {PrivatePage}
 */
export function createLookup({ api, state, openAddress }) {
  const address = createAddressForm({ state, id: "feeds-ip", label: "Address to look up in the feeds", again: () => page.renew() });
  const found = el("div", { role: "status" });
  const page = createPage({
    title: "Is an address listed?",
    every: once,
    async ask() {
      const ip = state.get("ip");
      return isAddress(ip) ? { ip, answer: await api.privateGet("/alert/feedLookup", { ip, ci: -1 }) } : null;
    },
    body: found,
    draw(answer) {
      if (answer === null) {
        found.replaceChildren(el("p", { class: "empty" }, "Enter an address to see since when, why and until when it is listed."));
        return;
      }
      const findings = findingsOf(answer.answer.feeds);
      found.replaceChildren(
        el("h4", { class: "private-address" }, addressOf(answer.ip, openAddress)),
        el("ul", { class: "feeds-findings" }, findings.map(finding), allowancesOf(answer.answer.allowed).map(allowed)),
        ...(findings.length > 0 ? [] : [el("p", { class: "empty" }, "No feed that your user may see has been computed yet.")]));
    },
    erase() {
      found.replaceChildren();
      address.reset();
    },
  });
  page.root.children[0].after(address.form);
  state.on("ip", page.renew);

  return page;
}
