// Every figure on the page is what the database has at the second that the page names.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { launch, newPage, until } from "../lib/browser.mjs";
import { countArrived, query } from "../lib/database.mjs";
import { startServer } from "../lib/server.mjs";
import { open, settled } from "../lib/views.mjs";

let server;
let browser;

before(async () => {
  server = await startServer();
  browser = await launch();
});
after(async () => {
  await browser?.close();
  await server?.close();
});

const longest = { patience: 60_000 };

// counters reads the four counters of one moment: the number, or null, and its window.
const counters = (page) => page.locator("#counters dd[data-second]").evaluateAll((figures) => figures.map((dd) => ({
  shown: Number((dd.title || dd.textContent).replaceAll(",", "")),
  since: Number(dd.dataset.since),
  second: Number(dd.dataset.second),
})));

// compare returns what the counters show, and how that differs from the database.
async function compare(page) {
  const read = await counters(page);
  const wrong = [];
  for (const { shown, since, second } of read) {
    const stored = await countArrived(server, since, second);
    if (shown !== stored) wrong.push(`${second - since} seconds: ${shown} is shown, ${stored} are stored`);
  }
  return { read, wrong };
}

// right waits until all four counters are those of the database and the day has n alerts.
async function right(page, n) {
  let last;
  await until("the counters show what is stored", async () => {
    last = await compare(page);
    return last.read.length === 4 && last.wrong.length === 0 && last.read[3].shown === n;
  }, longest.patience).catch((err) => { throw new Error(`${err.message}: ${JSON.stringify(last)}`, { cause: err }); });
  return last.read;
}

// watch looks at the counters some times a second. A second has settled when the page
// is told of it; should an alert be stored later still, the page hears that, too.
async function watch(page, seconds) {
  const seen = [];
  for (const end = Date.now() + seconds * 1000; Date.now() < end; await pause(200)) {
    let last = await compare(page);
    if (last.wrong.length > 0) {
      await pause(1500);
      last = await compare(page);
    }
    assert.deepEqual(last.wrong, []);
    assert.equal(last.read.length, 4, "a counter has no figure");
    seen.push(last.read);
  }
  assert.ok(seen.length > 3, "nothing was looked at");
  return seen;
}

let stored = 0;
const play = async (alerts, seed) => {
  await server.play({ alerts, seed });
  [{ n: stored }] = await query(server, "SELECT count(*) AS n FROM alerts");
};

test("the counters: nothing, the first hour, idle, a burst, a running stream", async (t) => {
  const { page, clean, close } = await newPage(browser, server);
  await page.goto(server.page());
  await page.locator("#stream-state[data-status=live]").waitFor();
  await t.test("nothing", () => right(page, 0));

  await t.test("the first hour: all windows but those of minutes are the same", async () => {
    await play(600, 1);
    const [, , hour, day] = await right(page, stored);
    assert.equal(hour.shown, day.shown);
  });

  await t.test("idle: hour and day stay as they are", async () => {
    for (const read of await watch(page, 20)) {
      assert.deepEqual(read.slice(2).map(({ shown }) => shown), [stored, stored]);
    }
  });

  await t.test("a burst of which the stream shows a part", async () => {
    const before = stored;
    const sampled = page.locator("#sampled").getByText(/^[\d.]+ of [\d,]+ per second shown$/);
    await Promise.all([sampled.waitFor(), play(12_000, 2)]);
    assert.ok(stored > before + 1000, "no burst");
    await right(page, stored);
    for (const read of await watch(page, 5)) assert.equal(read[3].shown, stored);
    await sampled.waitFor({ state: "hidden" });
  });

  await t.test("a running stream", async () => {
    const sensors = server.simulate({ rate: 40, seed: 3, batch: 2 });
    const seen = await watch(page, 20);
    const days = seen.map((read) => read[3].shown);
    assert.deepEqual(days, days.toSorted((a, b) => a - b), "the day's counter went back");
    assert.ok(days.at(-1) > days[0] + 100, "the day's counter did not move");
    await sensors.stop();
    [{ n: stored }] = await query(server, "SELECT count(*) AS n FROM alerts");
    await right(page, stored);
  });

  await t.test("a page that is opened afterwards", async () => {
    const other = await newPage(browser, server);
    await other.page.goto(server.page());
    await right(other.page, stored);
    other.clean();
    await other.close();
  });
  clean();
  await close();
});

// rows reads a table: the head of each row, and its numbers.
const rows = (table) => table.locator("tbody tr").evaluateAll((all) => all.map((tr) => ({
  name: tr.querySelector("th").textContent,
  numbers: [...tr.querySelectorAll("td.number")].map((td) => td.title || td.textContent),
})));

const numberOf = (text) => Number(text.replaceAll(",", ""));
const table = (page, label) => page.getByRole("table", { name: label, exact: true });

// ranking is the counts of a column, most first.
async function ranking(column, most, more = "") {
  const found = await query(server, `SELECT ${column} AS name, count(*) AS n FROM alerts
    JOIN sensors ON sensors.id = sensor JOIN places AS source ON source.id = source_place JOIN places AS target ON target.id = target_place
    WHERE alerts.community = 1 ${more} GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT ${most}`);
  return found.map(({ name, n }) => [String(name), n]);
}

const pairs = (read) => read.map(({ name, numbers }) => [name, numberOf(numbers[0])]);
const sorted = (list) => list.toSorted(([a, n], [b, m]) => m - n || (a < b ? -1 : 1));
const counts = (list) => list.map(([, n]) => n);

test("the cards, the charts and the day to replay", async () => {
  // What is asked now is asked for the first time, after the last alert.
  await server.stop();
  await server.start();
  const { page, clean, close } = await newPage(browser, server);
  await page.goto(server.page());
  await settled(page, "live");
  const types = await ranking("sensors.type", 100);

  const ofLastHour = sorted(pairs(await rows(table(page, "Honeypot types, last hour"))));
  assert.deepEqual(counts(ofLastHour), counts(types).slice(0, 5));
  for (const [name, n] of ofLastHour) assert.equal(n, types.find(([type]) => type === name)?.[1], name);
  const from = pairs(await rows(table(page, "Countries with the most attacks")));
  assert.deepEqual(counts(from), counts(await ranking("source.country", 5)));

  await open(page, "statistics");
  assert.deepEqual(counts(pairs(await rows(table(page, "Countries of the attackers")))), counts(await ranking("source.country", 10)));
  assert.deepEqual(counts(pairs(await rows(table(page, "Countries of the sensors")))), counts(await ranking("target.country", 10)));

  await page.getByText("As a table").click();
  const days = pairs(await rows(page.locator(".as-table table")));
  assert.equal(days.length, 7);
  const byDay = await query(server, "SELECT date(received, 'unixepoch') AS day, count(*) AS n FROM alerts WHERE community = 1 GROUP BY 1 ORDER BY 1");
  assert.deepEqual(counts(days).filter((n) => n > 0), byDay.map(({ n }) => n));

  const [totals] = await query(server, `SELECT count(*) AS alerts, count(DISTINCT uuid) AS honeypots,
    count(DISTINCT uuid || ' ' || ident) AS daemons FROM alerts JOIN sensors ON sensors.id = sensor
    WHERE alerts.community = 1 AND date(received, 'unixepoch') = date('now')`);
  const told = await page.locator(".card", { hasText: "T-Pot honeypots" }).locator("dl.totals dd").evaluateAll((all) => all.map((dd) => dd.title || dd.textContent));
  assert.deepEqual(told.map(numberOf), [totals.alerts, totals.honeypots, totals.daemons]);

  const ports = (await rows(page.getByRole("table", { name: "Most attacked ports" }))).map(({ name, numbers }) => [name, numberOf(numbers.at(-1))]);
  assert.ok(ports.length > 3, "too few ports");
  const storedPorts = await ranking("target_port", 65_536);
  for (const [name, n] of ports) assert.equal(n, storedPorts.find(([port]) => port === name)?.[1], `port ${name}`);
  assert.equal(ports[0][1], storedPorts[0][1]);
  const urls = (await rows(page.getByRole("table", { name: "Most requested URLs" }))).map(({ name, numbers }) => [name, numberOf(numbers.at(-1))]);
  assert.ok(urls.length > 0, "no URL");
  const storedURLs = await ranking("request", 100_000, "AND (sensors.type IN ('Webpage', 'LLM(galah)') OR sensors.type LIKE 'Web(%')");
  for (const [name, n] of urls) assert.equal(n, storedURLs.find(([url]) => url === name)?.[1], name);

  const replay = await open(page, "replay");
  const [{ n: today }] = await query(server, "SELECT count(*) AS n FROM alerts WHERE community = 1 AND date(received, 'unixepoch') = date('now')");
  await replay.getByText(`${today.toLocaleString("en")} on this day`).waitFor();
  clean();
  await close();
});

test("without its store the server has no figures, and says so", async () => {
  const { page, allowed, clean, close } = await newPage(browser, server);
  await page.goto(server.page());
  await page.locator("#stream-state[data-status=live]").waitFor();
  await right(page, stored);
  await server.loseStore();
  await page.locator("#stream-state[data-status=down]").waitFor();
  await until("the counters show no figures", async () => (await counters(page)).length === 0);
  assert.deepEqual(await page.locator("#counters dd").allTextContents(), ["–", "–", "–", "–", "–"]);
  assert.match(await page.locator("#counters-fault").textContent(), /no figures/);
  await server.findStore();
  await page.locator("#stream-state[data-status=live]").waitFor();
  await right(page, stored);
  allowed(/503/);
  clean();
  await close();
});
