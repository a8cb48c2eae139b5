// Cards state how old they are, and what they do not know they do not show.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { launch, newPage, until } from "../lib/browser.mjs";
import { startServer } from "../lib/server.mjs";
import { open, settled, views } from "../lib/views.mjs";

let server;
let browser;

before(async () => {
  server = await startServer();
  browser = await launch();
  await server.play({ alerts: 300, seed: 14 });
});
after(async () => {
  await browser?.close();
  await server?.close();
});

// agesOf returns the visible elements of a panel that have an age, with their texts.
const agesOf = (page, view) => page.locator(`#panel-${view}`).evaluate((panel) =>
  [...panel.querySelectorAll("[data-as-of]")].filter((e) => e.checkVisibility())
    .map((e) => ({ at: Number(e.dataset.asOf), text: e.textContent })));

// How many parts of each tab have an age: cards, list, legend and country; the day.
const aged = { live: 6, statistics: 6, replay: 1 };

test("every card states its age, which is when the server computed its answer", async () => {
  const { page, clean, close } = await newPage(browser, server);
  const computed = new Map(); // seconds of Last-Modified, by path
  page.on("response", (response) => {
    const { pathname } = new URL(response.url());
    const told = response.headers()["last-modified"];
    if (pathname.startsWith("/alert/") && told) computed.set(pathname, [...(computed.get(pathname) ?? []), Date.parse(told) / 1000]);
  });
  await page.goto(server.page("#country=DE"));
  await settled(page, "live");
  for (const view of Object.keys(aged)) {
    await open(page, view);
    const ages = await agesOf(page, view);
    assert.equal(ages.length, aged[view], `${view}: ${JSON.stringify(ages)}`);
    const told = new Set([...computed.values()].flat());
    for (const { at, text } of ages) {
      assert.ok(told.has(at), `no answer was computed at ${at}: ${text}`);
      const clock = new Date(at * 1000).toISOString().slice(11, 16);
      assert.match(text, new RegExp(`as of (\\d+ \\w{3}, )?${clock} UTC`));
    }
  }
  clean();
  await close();
});

test("an answer from the server's cache is as old as it is", async () => {
  const question = /\/alert\/retrieveLatLonAttacks\?/;
  const first = await newPage(browser, server);
  const [asked] = await Promise.all([first.page.waitForResponse(question), first.page.goto(server.page())]);
  const computed = Date.parse(asked.headers()["last-modified"]) / 1000;
  await until("a second passes", () => Date.now() / 1000 > computed + 1);
  const second = await newPage(browser, server);
  const [again] = await Promise.all([second.page.waitForResponse(question), second.page.goto(server.page())]);
  assert.ok(Date.parse(again.headers().date) / 1000 > computed, "the answer is not from the cache");
  await second.page.locator(`#legend [data-as-of="${computed}"]`).waitFor();
  for (const { clean, close } of [first, second]) {
    clean();
    await close();
  }
});

test("when the store is unavailable cards say so in a sentence, and show no 0", async () => {
  const { page, allowed, clean, close } = await newPage(browser, server);
  await page.route("**/alert/*?*", (route) => (route.request().url().includes("/stream") ? route.continue()
    : route.fulfill({ status: 503, json: { error: "the store is unavailable" } })));
  await page.goto(server.page("#country=DE"));
  for (const view of ["live", "statistics"]) {
    const panel = await open(page, view);
    const faults = await panel.locator(".fault:visible p:first-child").allTextContents();
    assert.equal(faults.length, view === "live" ? 5 : 6);
    for (const fault of faults) assert.equal(fault, "The store is unavailable.");
    assert.equal(await panel.locator(".card td:visible").count(), 0);
    assert.deepEqual(await agesOf(page, view), []);
  }
  assert.match(await page.locator("#legend").textContent(), /Sources, always the last 24 hours: The store is unavailable\./);
  const replay = await open(page, "replay");
  await replay.getByText("could not be loaded: the store is unavailable").waitFor();
  assert.doesNotMatch(await replay.locator(".replay-now").textContent(), /alerts|on this day/);
  allowed(/503/);
  clean();
  await close();
});

test("what does not belong to a tab is not offered there", async () => {
  const { page, clean, close } = await newPage(browser, server);
  await page.goto(server.page());
  await page.locator("#stream-state[data-status=live]").waitFor();
  const offered = {};
  for (const view of views) {
    await open(page, view);
    offered[view] = [await page.locator("#days").isVisible(), await page.locator("#stream-state").isVisible()];
  }
  assert.deepEqual(offered, { live: [true, true], statistics: [true, true], replay: [false, false], private: [false, true] });
  clean();
  await close();
});

test("the foot of the page names the version, except in kiosk mode", async () => {
  const { page, clean, close } = await newPage(browser, server);
  await page.goto(server.page());
  const foot = page.getByRole("contentinfo");
  assert.match(await foot.textContent(), /^PEBA [^\s{}]+$/);
  await settled(page, "live");
  assert.ok(await page.evaluate(() => document.documentElement.scrollHeight <= document.documentElement.clientHeight), "the live tab scrolls");
  await page.goto(server.page("#wall=1"));
  await page.locator("html[data-kiosk=live]").waitFor();
  assert.equal(await foot.isVisible(), false);
  clean();
  await close();
});
