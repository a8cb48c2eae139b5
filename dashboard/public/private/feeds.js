// The page of the feeds: their sizes and entries, a look-up, the set-up of what reads
// them, and the networks that they never list.

import { createAllowances } from "./feedallow.js";
import { createFeedChart } from "./feedchart.js";
import { addressOf, createEntries } from "./feedentries.js";
import { createLookup } from "./feedlookup.js";
import { feedsOf, formatSpan } from "./feedmodel.js";
import { createSetup } from "./feedsetup.js";
import { formatAge } from "./model.js";
import { createPage } from "./page.js";
import { cut, el, formatNumber, formatTime, parseTime, printable, putNumber } from "../lib/text.js";

const askEvery = 60_000;

// How many entries are shown at first, and after each click.
const lengths = [20, 200, 1000];

// Feeds are computed every five minutes at least.
const late = 15 * 60;

/** longer returns the next length of the list. @param {number} length */
const longer = (length) => lengths.find((n) => n > length) ?? length;

/** @param {string} name @param {Child} value */
const fact = (name, value) => el("div", null, el("dt", null, name), el("dd", null, value));

/** @param {FeedSummary} feed */
const facts = (feed) => el("dl", { class: "private-facts" },
  fact("Listed addresses", putNumber(el("span"), feed.size)),
  feed.entries !== feed.size && fact("Entries after aggregation", putNumber(el("span"), feed.entries)),
  fact("Limit", putNumber(el("span"), feed.limit)),
  fact("Alerts of the last", formatSpan(feed.window)),
  fact("Ban lasts", formatSpan(feed.duration)),
  fact("Access", feed.public ? "public" : "with a token"),
  feed.licence !== "" && fact("Licence", cut(printable(feed.licence), 120)));

/**
 * createFeedsPage returns the page; openAddress shows all alerts of an address.
 * @param {{ api: Api, state: State, openAddress: (ip: string) => void }} page @returns {PrivatePage}
 */
export function createFeedsPage({ api, state, openAddress }) {
  const select = el("select", { on: { change: () => state.set({ feed: select.value }) } });
  const choice = el("div", { class: "private-filter" }, el("label", { class: "field" }, el("span", null, "Feed"), select));
  const figures = el("div");
  const chart = el("div", { class: "feeds-history" });
  const empty = el("p", { class: "empty" },
    "No feed has been computed yet, or none that your user may see. Feeds are computed every minute or so, and only from alerts that your user may see.");
  const shown = el("div", null, choice, figures, chart);
  const entries = createEntries({ openAddress });
  const summary = el("p", { class: "note", role: "status" });
  const more = el("button", { type: "button", class: "button", on: { click: showMore } });
  const left = el("div");
  const list = el("section", { class: "card feeds-list", "aria-labelledby": "feeds-entries" },
    el("header", null, el("h3", { id: "feeds-entries", tabindex: "-1" }, "Entries, and why they are listed"), summary), entries.root, more, left);

  /** @type {FeedSummary[]} */
  let feeds = [];
  let wanted = lengths[0];
  let drawn = ""; // the feed whose chart is drawn, and when it was computed

  const page = createPage({
    title: "Feeds",
    every: askEvery,
    ask: async () => feedsOf(await api.privateGet("/alert/feeds", { topx: wanted, ci: -1 })),
    body: el("div", null, empty, shown),
    draw(answer) {
      feeds = answer;
      draw();
    },
    erase() {
      feeds = [];
      drawn = "";
      for (const part of [select, figures, chart, left]) part.replaceChildren();
      entries.show([]);
      list.hidden = true;
    },
  });
  const lookup = createLookup({ api, state, openAddress });
  const allowances = createAllowances({ api, changed: lookup.renew });
  const setup = createSetup({ state });
  const parts = [page, lookup, allowances];

  const chosen = () => feeds.find(({ name }) => name === state.get("feed")) ?? feeds[0];

  function draw() {
    const feed = chosen();
    empty.hidden = feed !== undefined;
    shown.hidden = feed === undefined;
    list.hidden = feed === undefined;
    if (feed === undefined) return;
    if (select.options.length !== feeds.length || feeds.some(({ name }, i) => select.options[i].value !== name)) {
      select.replaceChildren(...feeds.map(({ name }) => el("option", { value: name }, name)));
    }
    select.value = feed.name;
    figures.replaceChildren(facts(feed), age(feed));
    drawChart(feed);
    setup.show(feed);
    drawEntries(feed);
  }

  /** age says when a feed was computed, and if that is too long ago. @param {FeedSummary} feed */
  function age({ at }) {
    const seconds = (api.now() - (parseTime(at)?.getTime() ?? 0)) / 1000;
    return seconds < late ? el("p", { class: "note" }, `Computed at ${formatTime(at)}`)
      : el("p", { class: "note stale" }, `Not computed for ${formatAge(seconds)}, since ${formatTime(at)}: clients get that state. The server's log says why.`);
  }

  /** drawChart leaves a chart alone that is up to date, since somebody may read its table. @param {FeedSummary} feed */
  function drawChart(feed) {
    const key = JSON.stringify([feed.name, feed.history]);
    if (key === drawn) return;
    const open = drawn.startsWith(`["${feed.name}"`) && chart.querySelector("details")?.open;
    drawn = key;
    chart.replaceChildren(...createFeedChart(feed.history));
    const details = chart.querySelector("details");
    if (details && open) details.open = true;
  }

  /** @param {FeedSummary} feed */
  function drawEntries(feed) {
    const listed = feed.top.slice(0, wanted);
    entries.show(listed);
    entries.root.hidden = listed.length === 0;
    summary.textContent = feed.size === 0 ? "The feed is empty: no address meets its rules now. Clients get an empty list."
      : listed.length < feed.size ? `The first ${formatNumber(listed.length)} of ${formatNumber(feed.size)}` : `All ${formatNumber(feed.size)}`;
    const rest = Math.min(feed.size, longer(wanted)) - listed.length;
    more.hidden = rest <= 0;
    more.disabled = false;
    more.textContent = `Show ${formatNumber(rest)} more`;
    const gone = feed.left.slice(0, lengths[0]);
    left.replaceChildren(...(gone.length === 0 ? [] : [
      el("h4", { class: "feeds-heading" }, "Recently removed"),
      el("ul", { class: "feeds-left" }, gone.map(({ ip, at }) => el("li", null, addressOf(ip, openAddress), el("span", { class: "note" }, ` ${formatTime(at)}`)))),
    ]));
  }

  function showMore() {
    wanted = longer(wanted);
    more.disabled = true;
    page.again();
  }

  state.on("feed", () => {
    wanted = lengths[0];
    draw();
  });

  return {
    root: el("div", { class: "feeds" },
      el("div", { class: "feeds-column" }, page.root, setup.root), el("div", { class: "feeds-column" }, lookup.root, allowances.root), list),
    focus: page.focus,
    show: (yes) => parts.forEach((part) => part.show(yes)),
    renew: () => parts.forEach((part) => part.renew()),
  };
}
