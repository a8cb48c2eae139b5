// The page loads, moves, and keeps its state.

import assert from "node:assert/strict";
import { once } from "node:events";
import { get } from "node:http";
import { after, before, test } from "node:test";
import { launch, newPage, numberIn, patience, until } from "../lib/browser.mjs";
import { startServer } from "../lib/server.mjs";
import { open, settled, views } from "../lib/views.mjs";

// What the whole page may weigh as it is sent.
const maxWeight = 150_000;

let server;
let browser;

before(async () => {
  server = await startServer();
  browser = await launch();
  await server.play({ alerts: 600, seed: 3 });
});
after(async () => {
  await browser?.close();
  await server?.close();
});

// weigh returns how many bytes a file has as it is sent with gzip.
async function weigh(url) {
  const [response] = await once(get(url, { headers: { "Accept-Encoding": "gzip" } }), "response");
  assert.equal(response.statusCode, 200, url);
  let bytes = 0;
  for await (const chunk of response) bytes += chunk.length;
  return bytes;
}

const lastDay = (page) => page.locator("#counters dd").last();

test("it loads without a complaint, weighs little, and every tab shows something", async (t) => {
  const { page, clean, close } = await newPage(browser, server);
  const files = new Set();
  page.on("request", (request) => {
    if (new URL(request.url()).pathname.startsWith("/dashboard/")) files.add(request.url());
  });
  await page.goto(server.url);
  assert.equal(new URL(page.url()).pathname, "/dashboard/");
  await page.locator("#stream-state[data-status=live]").waitFor();
  await until("all alerts are counted", async () => await numberIn(lastDay(page)) >= 600);
  for (const view of views) {
    const panel = await open(page, view);
    assert.equal(await panel.locator(".fault:visible").count(), 0, `${view} shows a fault`);
    assert.equal(await panel.locator(".empty:visible").count(), 0, `${view} shows nothing`);
  }
  assert.equal(await page.locator("#panel-statistics .card tbody tr").count() > 10, true, "the statistics are empty");

  const paint = await page.evaluate(() => performance.getEntriesByName("first-contentful-paint")[0]?.startTime);
  const weights = await Promise.all([...files].map(weigh));
  const weight = weights.reduce((sum, bytes) => sum + bytes, 0);
  t.diagnostic(`${files.size} files, ${weight} bytes as sent; first paint after ${Math.round(paint)} ms`);
  assert.ok(weight <= maxWeight, `the page weighs ${weight} bytes`);
  clean();
  await close();
});

test("counters and list move with the stream", async () => {
  const { page, clean, close } = await newPage(browser, server);
  await page.goto(server.page());
  await page.locator("#stream-state[data-status=live]").waitFor();
  await settled(page, "live");
  const count = await numberIn(lastDay(page));
  const first = await page.locator("#latest li").first().textContent();
  const sensors = server.simulate({ rate: 20, seed: 4, batch: 2 });
  await until("the last day has 20 alerts more", async () => await numberIn(lastDay(page)) >= count + 20);
  await until("the list has a new alert", async () => await page.locator("#latest li").first().textContent() !== first);
  await until("the rate is told", async () => await numberIn(page.locator("#counters .figure")) > 5);
  await sensors.stop();
  // Between its answers the page counts for itself: in the end it counts the same.
  // It asks every 15 seconds, and the answer may be 13 seconds old.
  await until("the page counts what the server does", async () => {
    const { AlertsLast24Hours } = await (await fetch(`${server.url}/alert/retrieveAlertStats`)).json();
    return AlertsLast24Hours === await numberIn(lastDay(page));
  }, patience + 30_000);
  clean();
  await close();
});

test("the switches ask anew, and the URL keeps what is seen", async () => {
  const { page, clean, close } = await newPage(browser, server);
  await page.goto(server.page());
  await open(page, "statistics");
  const asked = (pattern) => page.waitForRequest((request) => pattern.test(request.url()));
  await Promise.all([asked(/tops\?.*days=28/), page.locator("#days").selectOption("28")]);
  await Promise.all([asked(/ci=-1/), page.locator("#ci").selectOption("-1")]);
  await page.waitForURL(/#.*view=statistics/);
  await page.waitForURL((url) => /ci=-1/.test(url.hash) && /days=28/.test(url.hash));
  await page.reload();
  await settled(page, "statistics");
  assert.equal(await page.locator("#days").inputValue(), "28");
  assert.equal(await page.locator("#ci").inputValue(), "-1");
  assert.equal(await page.locator("#tab-statistics").getAttribute("aria-selected"), "true");

  // Private users' alerts: there are none, and the page says so.
  await page.locator("#ci").selectOption("0");
  await page.locator("#panel-statistics .empty").first().waitFor();
  await page.goBack();
  await page.locator("#panel-live").waitFor();

  await page.goto(server.page("#view=nothing&ci=7&days=x&at=99999999&ip=%3Cb%3E"));
  await settled(page, "live");
  assert.equal(await page.locator("#ci").inputValue(), "1");
  clean();
  await close();
});

test("after a restart of the server it is live again", async () => {
  const { page, clean, allowed, close } = await newPage(browser, server);
  await page.goto(server.page());
  await page.locator("#stream-state[data-status=live]").waitFor();
  await server.stop();
  await page.locator("#stream-state[data-status=waiting]").waitFor();
  await server.start();
  await page.locator("#stream-state[data-status=live]").waitFor();
  const count = await numberIn(lastDay(page));
  await server.play({ alerts: 50, seed: 5 });
  await until("alerts come in", async () => await numberIn(lastDay(page)) > count);
  allowed(/net::ERR_/);
  clean();
  await close();
});
