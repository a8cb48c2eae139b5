// Pictures of every tab, for those who review a change and for the README.

import assert from "node:assert/strict";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { setTimeout } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { launch, newPage, numberIn, until } from "../lib/browser.mjs";
import { busiest, historyXML } from "../lib/history.mjs";
import { startServer } from "../lib/server.mjs";
import { logIn, open, openPrivate, privatePages, settled, views } from "../lib/views.mjs";

const folder = process.env.PEBA_SCREENSHOTS || fileURLToPath(new URL("../screenshots", import.meta.url));
const quality = 82;

// For how many seconds sensors have sent before the first picture: counters of the
// README's are to look like those of a server that has run for a while.
const warmUp = Number(process.env.PEBA_SCREENSHOTS_AFTER || 0);
const user = "analyst";
const token = "her token";

let server;
let browser;
let sensors;

before(async () => {
  await mkdir(folder, { recursive: true });
  server = await startServer({ appOptions: "feed_interval 1s" });
  browser = await launch();
  await server.addUser(user, token);
  for (const message of historyXML(30)) await server.post(message);
  sensors = server.simulate({ rate: 20, sensors: 40, batch: 2, seed: 11 });
  await setTimeout(warmUp * 1000);
});
after(async () => {
  await sensors?.stop();
  await browser?.close();
  await server?.close();
});

// keep takes a picture. WebP is a third of PNG.
async function keep(page, name) {
  const client = await page.context().newCDPSession(page);
  const { data } = await client.send("Page.captureScreenshot", { format: "webp", quality });
  await client.detach();
  await writeFile(join(folder, `${name}.webp`), Buffer.from(data, "base64"));
}

// complete fails if a panel shows that something is missing.
async function complete(page, view) {
  const panel = await settled(page, view);
  const missing = await panel.locator(".fault:visible, .wait:visible, .empty:visible").allTextContents();
  assert.deepEqual(missing, [], view);
}

const sizes = { desktop: { width: 1440, height: 900 }, phone: { width: 390, height: 844 } };

for (const [size, viewport] of Object.entries(sizes)) {
  test(`pictures on a ${size}, dark and light`, async () => {
    const { page, clean, close } = await newPage(browser, server, { viewport });
    const both = async (name) => {
      for (const theme of ["light", "dark"]) {
        await page.emulateMedia({ colorScheme: theme });
        await page.locator(`html[data-theme=${theme}]`).waitFor();
        await keep(page, `${name}-${size}-${theme}`);
      }
    };
    await page.goto(server.page());
    await page.locator("#stream-state[data-status=live]").waitFor();
    // As many arcs in the air as there are at most at this rate.
    const last = page.locator("#counters dd").last();
    await until("alerts are counted", async () => await numberIn(last) > 3000);
    const count = await numberIn(last);
    await until("alerts come", async () => await numberIn(last) > count + 100);
    for (const view of views) {
      await open(page, view);
      await complete(page, view);
      await both(view);
    }
    await logIn(page, user, token);
    for (const name of privatePages) {
      await openPrivate(page, name);
      if (name === "address") {
        await page.getByLabel("IPv4 or IPv6 address").fill(busiest);
        await page.keyboard.press("Enter");
        await page.getByRole("heading", { name: busiest, exact: true }).waitFor();
      }
      await settled(page, "private");
      assert.equal(await page.locator("#panel-private").locator(".fault:visible").count(), 0);
      await both(`private-${name}`);
    }
    clean();
    await close();
  });
}
