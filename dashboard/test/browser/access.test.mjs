// The page is usable without a mouse, and for those who do not see it.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { after, before, test } from "node:test";
import { launch, newPage, until } from "../lib/browser.mjs";
import { startServer } from "../lib/server.mjs";
import { logIn, open, openPrivate, privatePages, settled, views } from "../lib/views.mjs";

const axe = await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const user = "analyst";
const token = "her token";

let server;
let browser;

before(async () => {
  server = await startServer();
  browser = await launch();
  await server.addUser(user, token);
  await server.play({ alerts: 150, seed: 9 });
});
after(async () => {
  await browser?.close();
  await server?.close();
});

// faultsOf lets axe look at what is shown, and returns what is serious.
async function faultsOf(page) {
  const { violations, passes } = await page.evaluate(() => window.axe.run(document, { resultTypes: ["violations"] }));
  assert.ok(passes.some(({ id }) => id === "color-contrast"), "axe has not looked at the colours");
  return violations.filter(({ impact }) => impact === "serious" || impact === "critical")
    .flatMap(({ id, help, nodes }) => nodes.map(({ html, failureSummary }) => `${id}: ${help}: ${html.slice(0, 200)} ${failureSummary}`));
}

const sizes = { desktop: { width: 1440, height: 900 }, phone: { width: 390, height: 844 } };

for (const [theme, size] of [["dark", "desktop"], ["light", "desktop"], ["dark", "phone"]]) {
  test(`axe finds nothing serious, ${theme} on a ${size}`, async () => {
    const { page, clean, close } = await newPage(browser, server, { colorScheme: theme, viewport: sizes[size] });
    await page.goto(server.page());
    await settled(page, "live");
    assert.equal(await page.locator("html").getAttribute("data-theme"), theme);
    await page.evaluate(axe); // as a debugger does it: the page's policy lets no script in

    const found = {};
    for (const view of views) {
      await open(page, view);
      found[view] = await faultsOf(page);
    }
    await logIn(page, user, token);
    for (const name of privatePages) {
      if (name === "address") await page.getByRole("button", { name: /^\d+\.\d+\.\d+\.\d+$/ }).first().click();
      else await openPrivate(page, name);
      await settled(page, "private");
      found[name] = await faultsOf(page);
      if (size === "phone") assert.ok(await fits(page), `${name} is wider than a phone`);
    }
    assert.deepEqual(found, Object.fromEntries([...views, ...privatePages].map((name) => [name, []])));
    clean();
    await close();
  });
}

// fits tells whether the page has no scroll bar at its foot.
const fits = (page) => page.evaluate(() => document.documentElement.scrollWidth <= document.documentElement.clientWidth);

for (const width of [360, 768, 3840]) {
  test(`nothing sticks out of a screen of ${width}`, async () => {
    const { page, clean, close } = await newPage(browser, server, { viewport: { width, height: 800 } });
    await page.goto(server.page());
    for (const view of views) {
      await open(page, view);
      assert.ok(await fits(page), `${view} is wider than its screen`);
    }
    clean();
    await close();
  });
}

test("all is reached by keys", async () => {
  const { page, clean, close } = await newPage(browser, server);
  await page.goto(server.page());
  await settled(page, "live");
  const focused = () => page.evaluate(() => document.activeElement.id);

  await page.keyboard.press("Tab");
  assert.equal(await focused(), "skip");
  await page.keyboard.press("Enter");
  assert.equal(await focused(), "main");

  await page.locator("#tab-live").focus();
  for (const [key, view] of [["ArrowRight", "statistics"], ["ArrowRight", "replay"], ["End", "private"], ["ArrowRight", "live"], ["ArrowLeft", "private"], ["Home", "live"]]) {
    await page.keyboard.press(key);
    assert.equal(await focused(), `tab-${view}`, key);
    await page.locator(`#panel-${view}`).waitFor();
    assert.equal(await page.locator("[role=tabpanel]:visible").count(), 1);
    assert.equal(await page.locator("[role=tab][tabindex='0'], [role=tab]:not([tabindex])").count(), 1);
  }

  // On the map: a country, its figures, and back.
  await page.locator("#map").focus();
  await until("an arrow key names a country", async () => {
    await page.keyboard.press("ArrowRight");
    return (await page.locator("#map [aria-live]").textContent()) !== "";
  });
  await page.keyboard.press("Enter");
  await page.locator("#country section").waitFor();
  await page.keyboard.press("Escape");
  await page.locator("#country section").waitFor({ state: "hidden" });
  await page.waitForURL((url) => !url.hash.includes("country="));

  // Kiosk mode ends by Escape.
  await page.goto(server.page("#wall=1"));
  await page.locator("html[data-kiosk=live]").waitFor();
  await page.keyboard.press("ArrowRight");
  await page.locator("html[data-kiosk]:not([data-kiosk=live])").waitFor();
  await page.keyboard.press("Escape");
  await page.locator("html:not([data-kiosk])").waitFor();
  clean();
  await close();
});
