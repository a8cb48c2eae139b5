// Large numbers, at every size of the page.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { launch, newPage } from "../lib/browser.mjs";
import { busiest, historyXML } from "../lib/history.mjs";
import { startServer } from "../lib/server.mjs";
import { logIn, open, openPrivate, settled } from "../lib/views.mjs";

const widths = [360, 768, 1440, 2560];
const counted = /\/alert\/(retrieveAlertStats|topCountriesAttacks|retrieveAlertsCountWithType|datasetAlertTypesPerMonth|TpotStats|tops|enrichment|sensors)\b/;

let server;
let browser;

before(async () => {
  server = await startServer();
  browser = await launch();
  await server.addUser("analyst", "her token");
  for (const message of historyXML(10)) await server.post(message);
  // Counts go up to the last complete second, and a first answer without these alerts would be cached.
  await new Promise((done) => { setTimeout(done, 2500); });
});
after(async () => {
  await browser?.close();
  await server?.close();
});

// enlarge returns an answer in which every count is n.
function enlarge(value, n) {
  if (typeof value === "number") return value > 0 ? n : value;
  if (Array.isArray(value)) return value.map((v) => enlarge(v, n));
  if (value && typeof value === "object") return Object.fromEntries(Object.entries(value).map(([name, v]) => [name, enlarge(v, n)]));
  return value;
}

// sampling has the page's stream report 2,000 alerts a second, of which 50 are shown.
const sampling = (page) => page.addInitScript(() => {
  window.EventSource = class extends EventTarget {
    static CLOSED = 2;
    readyState = 1;
    constructor() {
      super();
      setTimeout(() => {
        this.dispatchEvent(new Event("open"));
        this.dispatchEvent(new MessageEvent("rate", { data: '{"perSecond":2000,"shown":50}' }));
      }, 50);
    }
    close() {}
  };
});

// squeezed finds numbers that wrap, or stand out of the box that they are in.
const squeezed = (page) => page.evaluate(() => {
  const faults = [];
  for (const element of document.querySelectorAll(".number, .figure, .tick")) {
    if (!element.checkVisibility() || !/\d/.test(element.textContent) || element.closest(".vh, .scroll, .replay-controls")) continue;
    const digits = document.createTreeWalker(element, NodeFilter.SHOW_TEXT).nextNode();
    const range = document.createRange();
    range.selectNodeContents(digits);
    const rects = [...range.getClientRects()].filter(({ width }) => width > 0);
    const box = element.closest("td, th, dd, li, .card").getBoundingClientRect();
    const [{ left, right }] = rects;
    if (rects.length > 1) faults.push(`${element.textContent} wraps (${element.closest("[class]").className})`);
    else if (left < box.left - 1 || right > box.right + 1) faults.push(`${element.textContent} is wider than its box (${element.parentElement.className || element.className}): ${Math.round(right - left)} in ${Math.round(box.width)}`);
  }
  const { scrollWidth, clientWidth } = document.scrollingElement;
  if (scrollWidth > clientWidth) faults.push(`the page is ${scrollWidth} wide`);
  return [...new Set(faults)];
});

for (const [n, text] of [[9_999_999, "9,999,999"], [12_345_678, "12.3M"]]) {
  test(`${text} is never wrapped or cut off`, async () => {
    const { page, clean, close } = await newPage(browser, server);
    await sampling(page);
    await page.route(counted, async (route) => {
      const response = await route.fetch();
      await route.fulfill({ response, json: enlarge(await response.json(), n) });
    });
    const faults = [];
    const look = async (what) => {
      for (const width of widths) {
        await page.setViewportSize({ width, height: 900 });
        await page.evaluate(() => new Promise((done) => { requestAnimationFrame(() => requestAnimationFrame(done)); }));
        faults.push(...(await squeezed(page)).map((fault) => `${what}, ${width} px: ${fault}`));
      }
    };

    await page.goto(server.page("#country=US"));
    await settled(page, "live");
    const lastDay = page.locator("#counters dd").last();
    await lastDay.filter({ hasText: text }).waitFor();
    assert.equal(await lastDay.getAttribute("title"), n >= 10_000_000 ? n.toLocaleString("en") : null);
    await look("live");
    await open(page, "statistics");
    await look("statistics");
    await logIn(page, "analyst", "her token");
    await openPrivate(page, "sensors");
    await look("sensors");
    await openPrivate(page, "address");
    await page.getByLabel("IPv4 or IPv6 address").fill(busiest);
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: busiest, exact: true }).waitFor();
    await look("address");
    assert.deepEqual(faults, []);
    clean();
    await close();
  });
}

test("the map says what part is shown, beside the legend", async () => {
  for (const theme of ["dark", "light"]) {
    const { page, clean, close } = await newPage(browser, server, { colorScheme: theme });
    await sampling(page);
    await page.goto(server.page());
    const note = page.locator("#sampled");
    await note.filter({ hasText: "50 of 2,000 per second shown" }).waitFor();
    for (const width of widths) {
      await page.setViewportSize({ width, height: 900 });
      const [a, legend, map] = await Promise.all([note, page.locator("#legend"), page.locator("#map")].map((l) => l.boundingBox()));
      assert.ok(a.y + a.height <= legend.y || a.x + a.width <= legend.x, `${theme}, ${width} px: it lies on the legend`);
      assert.ok(a.x >= map.x && a.x + a.width <= map.x + map.width && a.y >= map.y && a.y + a.height <= map.y + map.height, `${theme}, ${width} px: it is not on the map`);
    }
    clean();
    await close();
  }
});
