// What cards show, how old they say it is, and what is asked for it.

import assert from "node:assert/strict";
import { test } from "node:test";
import { asOfText } from "../public/lib/age.js";
import { createCard } from "../public/lib/card.js";
import { mountLatest } from "../public/live/latest.js";
import { mountLive } from "../public/live/live.js";
import { createQuestions } from "../public/lib/questions.js";
import { mountStatistics } from "../public/statistics/statistics.js";
import { fakeApi, fakeFeed, fakeMap, fakePage, fakeState } from "./lib/fake.mjs";

const at = (time) => Date.parse(`2026-11-26T${time}Z`);

// ranking is an answer of topCountriesAttacks.
const ranking = (n) => [{
  attacksPerCountry: [{ code: "CN", country: "China", count: n }, { code: "FR", country: "France", count: 1 }],
  attacksToTargetCountry: [{ code: "DE", country: "Germany", count: n }],
}];

// answers are those of a server where something is going on.
function answers(name, n = 5) {
  return {
    topCountriesAttacks: ranking(n),
    retrieveLatLonAttacks: [{ latLonAttacks: [{ lat: "50", lng: "8", count: n }] }],
    retrieveAlertsJson: { alerts: [{ id: "a", requestString: "x", country: "DE", targetCountry: "DE", analyzerType: "x", dateCreated: "2026-11-26 14:05:00" }] },
    retrieveAlertsCountWithType: { AlertCountTotal: n, AlertCountPerType: { Webpage: n } },
    retrieveAlertStats: {},
    TpotStats: { communityHoneypots: { totalNumberAlerts: n, totalNumberHoneypots: 1, totalNumberDaemons: 1, numberAlertsPerType: { Webpage: n } } },
    tops: { 22: { total: n, "2026-11-26 14:00:00": n } },
    datasetAlertTypesPerMonth: [{ datasetAlertsPerMonth: { "2026-11-26 00:00:00": { Webpage: n } } }],
  }[name];
}

// pageOf is a page with all cards, whose server answers what `answer` returns.
function pageOf(t, answer = (name) => answers(name)) {
  const page = fakePage(t);
  const state = fakeState({ ci: "1", days: "1", country: "" });
  const api = fakeApi(answer, at("14:05:10"));
  const questions = createQuestions({ api, state });
  const map = { counts: [] };
  const createWorldMap = () => fakeMap({
    setHeat: (heat) => { Object.assign(map, { heat }); },
    setCounts: (counts, when) => { Object.assign(map, { counts, when }); },
  });
  const statisticsPanel = page.element();
  const live = mountLive({ api, questions, state, feed: fakeFeed(), createWorldMap });
  const statistics = mountStatistics(statisticsPanel, { questions, state });
  const by = (id) => page.document.getElementById(id);
  const titled = (root, title) => root.withClass("card").find((card) => card.all("h3")[0].textContent === title);
  return {
    page, state, api, questions, map, live, statistics, by,
    strip: (title) => titled(by("strip"), title),
    card: (title) => titled(statisticsPanel, title),
    // asked returns what was asked since, of one name if that is given.
    asked: (name = "") => api.asked.splice(0).filter((question) => question.startsWith(name)),
  };
}

const noteOf = (card) => card.withClass("note")[0].textContent;
const staleOf = (card) => card.withClass("stale")[0].textContent;
const numbersOf = (card) => card.withClass("number").map((cell) => cell.textContent).filter((text) => /\d/.test(text));
const unavailable = () => { throw new Error("the store is unavailable"); };

test("what several cards show is asked once, and they change together", async (t) => {
  let n = 5;
  const { page, state, live, statistics, strip, card, by, map, asked } = pageOf(t, (name) => answers(name, n));
  live.start();
  state.set({ country: "CN" });
  await page.pass(1_000);
  assert.deepEqual(asked("topCountriesAttacks"), ["topCountriesAttacks?ci=1&days=1&topx=400"]);
  const figures = () => [
    numbersOf(strip("Attacks from"))[0], numbersOf(strip("Attacks on"))[0],
    by("country").withClass("figure")[0].textContent, String(map.counts[0].count),
  ];
  assert.deepEqual(figures(), ["5", "5", "5", "5"]);
  n = 6;
  await page.pass(58_000);
  assert.deepEqual(figures(), ["5", "5", "5", "5"]);
  await page.pass(2_000);
  assert.deepEqual(figures(), ["6", "6", "6", "6"]);
  assert.equal(asked("topCountriesAttacks").length, 1);

  // The other tab shows the same, and does not ask until that is a minute old.
  n = 7;
  live.stop();
  statistics.start();
  await page.pass(1_000);
  assert.deepEqual([numbersOf(card("Attacks from"))[0], numbersOf(card("Attacks on"))[0]], ["6", "6"]);
  assert.deepEqual(asked("topCountriesAttacks"), []);
  await page.pass(60_000);
  assert.deepEqual([numbersOf(card("Attacks from"))[0], numbersOf(card("Attacks on"))[0]], ["7", "7"]);
  assert.equal(asked("topCountriesAttacks").length, 1);
});

test("nothing is asked when nobody listens, nor by a hidden page", async (t) => {
  const { page, live, statistics, asked } = pageOf(t);
  await page.pass(600_000);
  assert.deepEqual(asked(), []);
  live.start();
  await page.pass(1_000);
  live.stop();
  asked();
  await page.pass(600_000);
  assert.deepEqual(asked(), []);
  assert.equal(page.timers, 0);
  statistics.start();
  await page.pass(1_000);
  page.hide(true);
  asked();
  await page.pass(600_000);
  assert.deepEqual(asked(), []);
  page.hide(false);
  await page.pass(1_000);
  assert.ok(asked().length > 5, "it does not ask again when it is looked at");
});

test("a change of the range or the domain drops what it changes, and nothing else", async (t) => {
  const { page, state, statistics, card, asked } = pageOf(t, (name) => new Promise((resolve) => { setTimeout(() => resolve(answers(name)), 100); }));
  statistics.start();
  await page.pass(1_000);
  const waiting = () => ["Alerts per day by type", "T-Pot honeypots", "Attacks from", "Attacks on", "Attacked ports", "Requested URLs"]
    .filter((title) => card(title).withClass("wait").length > 0);
  assert.deepEqual(waiting(), []);
  asked();
  state.set({ days: "7" }); // the chart shows a week as it is
  assert.deepEqual(waiting(), ["Attacks from", "Attacks on", "Attacked ports", "Requested URLs"]);
  assert.equal(card("Attacks from").dataset.asOf, undefined);
  await page.pass(1_000);
  assert.deepEqual(waiting(), []);
  assert.deepEqual(asked().sort(), ["tops?ci=1&days=7&topx=10&type=destports", "tops?ci=1&days=7&topx=10&type=urls", "topCountriesAttacks?ci=1&days=7&topx=400"].sort());
  state.set({ ci: "0" });
  assert.deepEqual(waiting(), ["Alerts per day by type", "Attacks from", "Attacks on", "Attacked ports", "Requested URLs"]);
  await page.pass(1_000);
  assert.deepEqual(asked("TpotStats"), []);
  state.set({ days: "28" });
  assert.ok(waiting().includes("Alerts per day by type"));
});

test("a late answer to old parameters is not shown", async (t) => {
  const counts = { 1: 11, 28: 28 };
  const { page, state, statistics, card } = pageOf(t, (name, { days }) => new Promise((resolve) => {
    setTimeout(() => resolve(answers(name, counts[days] ?? 1)), days === "1" ? 5_000 : 100);
  }));
  statistics.start();
  await page.pass(100);
  state.set({ days: "28" });
  await page.pass(1_000);
  assert.equal(numbersOf(card("Attacks from"))[0], "28");
  await page.pass(10_000);
  assert.equal(numbersOf(card("Attacks from"))[0], "28");
});

test("all bars of the chart are counted by the time of arrival", async (t) => {
  const { page, statistics, asked, card } = pageOf(t);
  statistics.start();
  await page.pass(1_000);
  const questions = asked();
  assert.ok(questions.includes("datasetAlertTypesPerMonth?ci=1&clock=arrival&days=6"), questions.join(" "));
  assert.ok(questions.includes("retrieveAlertsCountWithType?ci=1&time=day"));
  assert.match(noteOf(card("Alerts per day by type")), /^By arrival, days in UTC · last 7 days, never fewer · as of 14:05 UTC$/);
});

test("every card states its window and its age", async (t) => {
  const { page, state, api, live, statistics, strip, card, by, map } = pageOf(t);
  api.time = at("15:30:00"); // the server's time now
  live.start();
  statistics.start();
  state.set({ country: "CN" });
  await page.pass(1_000);
  const asOf = String(at("14:05:10") / 1000);
  const stated = (root, text, note = noteOf(root)) => {
    assert.equal(note, `${text} · as of 14:05 UTC`);
    assert.equal(root.dataset.asOf, asOf, text);
  };
  const legend = () => by("legend").all("li").at(-1);
  const byRange = {
    1: ["In the last 24 hours", "In the last 24 hours", "By arrival, days in UTC · last 7 days, never fewer"],
    7: ["In the last 7 days", "The last 7 days, including today, UTC", "By arrival, days in UTC · last 7 days, never fewer"],
    28: ["In the last 28 days", "The last 28 days, including today, UTC", "By arrival, days in UTC · last 28 days"],
  };
  for (const [days, [range, calendar, chart]] of Object.entries(byRange)) {
    state.set({ days });
    await page.pass(1_000);
    for (const title of ["Attacks from", "Attacks on"]) {
      stated(strip(title), range);
      stated(card(title), range);
    }
    stated(by("country").withClass("country")[0], range);
    stated(card("Attacked ports"), calendar);
    stated(card("Requested URLs"), calendar);
    stated(card("Alerts per day by type"), chart);
    stated(card("T-Pot honeypots"), "Community only, always today since 00:00 UTC");
    stated(strip("Honeypot types"), "Always the last hour");
    stated(legend(), "Sources, always the last 24 hours", legend().textContent);
    stated(by("latest"), "The newest 40, times in UTC", by("latest-note").textContent);
    assert.equal(map.when, `${range.replace("In", "in")}, as of 14:05 UTC`);
  }
});

test("an answer that is no longer up to date keeps its age, and says why", async (t) => {
  let down = false;
  const { page, state, api, live, statistics, strip, card, by } = pageOf(t, (name) => (down ? unavailable() : answers(name)));
  live.start();
  statistics.start();
  state.set({ country: "CN" });
  await page.pass(1_000);
  down = true;
  api.time = at("14:30:00") + 86_400_000;
  await page.pass(600_000);
  const asOf = String(at("14:05:10") / 1000);
  for (const shown of [strip("Attacks from"), strip("Honeypot types"), card("Attacks on"), card("T-Pot honeypots"), card("Alerts per day by type"), by("country").withClass("country")[0]]) {
    assert.equal(staleOf(shown), "Out of date. The store is unavailable.");
    assert.match(noteOf(shown), / · as of 26 Nov, 14:05 UTC$/);
    assert.equal(shown.dataset.asOf, asOf);
    assert.deepEqual([...shown.withClass("fault"), ...shown.withClass("wait")], []);
  }
  assert.match(by("latest").withClass("stale")[0].textContent, /unavailable/);
  assert.match(by("latest-note").textContent, /as of 26 Nov, 14:05 UTC$/);
  assert.equal(by("legend").all("li").at(-1).textContent, "Sources, always the last 24 hours · as of 26 Nov, 14:05 UTC, out of date");

  down = false;
  api.asOf = at("14:30:00") + 86_400_000;
  await page.pass(120_000);
  assert.equal(staleOf(strip("Attacks from")), "");
  assert.equal(noteOf(strip("Attacks from")), "In the last 24 hours · as of 14:30 UTC");
});

test("where there was no answer yet, cards say why in a sentence, and show no number", async (t) => {
  const { page, state, live, statistics, strip, card, by, map } = pageOf(t, unavailable);
  live.start();
  statistics.start();
  state.set({ country: "CN" });
  await page.pass(1_000);
  const titles = ["Alerts per day by type", "T-Pot honeypots", "Attacks from", "Attacks on", "Attacked ports", "Requested URLs"];
  const shown = [...titles.map(card), ...["Attacks from", "Attacks on", "Honeypot types"].map(strip), by("country").withClass("country")[0], by("latest")];
  for (const root of shown) {
    assert.match(root.withClass("fault")[0].textContent, /^The store is unavailable\./);
    // The page itself has counted what a country sent since it was opened.
    assert.deepEqual(numbersOf(root), root.attributes["aria-labelledby"] === "country-title" ? ["0"] : []);
    assert.equal(root.dataset.asOf, undefined);
    assert.doesNotMatch(root.textContent, /as of/);
  }
  assert.equal(by("legend").all("li").at(-1).textContent, "Sources, always the last 24 hours: The store is unavailable.");
  assert.deepEqual(map.counts, []);
});

test("Try now asks for all cards of the question", async (t) => {
  let down = true;
  const { page, statistics, card, asked } = pageOf(t, (name) => (down ? unavailable() : answers(name)));
  statistics.start();
  await page.pass(1_000);
  down = false;
  asked();
  card("Attacks on").all("button")[0].listeners.click();
  await page.pass(100);
  assert.equal(asked("topCountriesAttacks").length, 1);
  assert.deepEqual([numbersOf(card("Attacks from"))[0], numbersOf(card("Attacks on"))[0]], ["5", "5"]);
});

test("what users were answered goes when they log out", async (t) => {
  let down = false;
  const { page, state, api, statistics, card } = pageOf(t, (name) => (down ? unavailable() : answers(name)));
  statistics.start();
  await page.pass(1_000);
  down = true;
  api.endSession();
  await page.pass(100);
  assert.equal(numbersOf(card("Attacks from"))[0], "5", "the community's is for all");
  down = false;
  state.set({ ci: "-1" });
  await page.pass(1_000);
  assert.equal(numbersOf(card("Attacks from"))[0], "5");
  down = true;
  api.endSession();
  await page.pass(100);
  assert.deepEqual(numbersOf(card("Attacks from")), []);
});

test("another country is shown from the same answer", async (t) => {
  const { page, state, live, by, asked } = pageOf(t);
  live.start();
  state.set({ country: "CN" });
  await page.pass(1_000);
  asked();
  state.set({ country: "FR" });
  assert.equal(by("country").withClass("figure")[0].textContent, "1");
  await page.pass(1_000);
  assert.deepEqual(asked("topCountriesAttacks"), []);
});

test("a list that is held while it is read keeps its age", async (t) => {
  const page = fakePage(t);
  const state = fakeState({ ci: "1" });
  const api = fakeApi((name) => answers(name), at("14:05:10"));
  const [section, note] = [page.element(), page.element()];
  const latest = mountLatest(section, note, { questions: createQuestions({ api, state }), state, feed: fakeFeed() });
  latest.start();
  await page.pass(2_000);
  let read = true;
  section.all("ol")[0].matches = () => read;
  api.asOf = at("14:06:10");
  await page.pass(61_000);
  assert.equal(note.textContent, "Paused while you read · as of 14:05 UTC");
  read = false;
  await page.pass(2_000);
  assert.equal(note.textContent, "The newest 40, times in UTC · as of 14:06 UTC");
  assert.equal(section.dataset.asOf, String(at("14:06:10") / 1000));
});

test("a card draws an answer once, and one that is the same again not at all", async (t) => {
  const page = fakePage(t);
  const state = fakeState({ ci: "1", days: "1" });
  const { countries } = createQuestions({ api: fakeApi((name) => answers(name), at("14:05:10")), state });
  const drawn = [];
  const card = createCard({ title: "x", name: "x", question: countries, window: () => "w", draw: (answer, asOf) => (drawn.push(asOf), []) });
  card.start();
  card.start();
  await page.pass(1_000);
  card.stop();
  card.start();
  await page.pass(1_000);
  assert.deepEqual(drawn, [at("14:05:10")]);
});

test("an age has its day unless that is today", () => {
  assert.equal(asOfText(at("14:05:59"), at("23:59:59")), "as of 14:05 UTC");
  assert.equal(asOfText(at("23:59:59"), at("23:59:59") + 1000), "as of 26 Nov, 23:59 UTC");
});
