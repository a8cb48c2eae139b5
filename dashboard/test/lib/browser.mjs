// Chromium, and a watch over what a page does in it.

import assert from "node:assert/strict";
import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";
import { chromium } from "playwright-core";
import { otherName } from "./server.mjs";

// How long something may take to appear: time enough for a busy machine, since
// what is tested is that it does.
export const patience = 30_000;

function executable() {
  if (process.env.PEBA_CHROMIUM) return process.env.PEBA_CHROMIUM;
  const names = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];
  const paths = process.env.PATH.split(delimiter).flatMap((folder) => names.map((name) => join(folder, name)));
  const found = paths.find((path) => {
    try {
      accessSync(path, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
  assert.ok(found, `no Chromium: install one as ${names.join(" or ")}, or name it by PEBA_CHROMIUM`);
  return found;
}

// launch starts Chromium with an empty profile, which goes with it.
export function launch() {
  return chromium.launch({
    executablePath: executable(),
    args: [
      "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
      "--disable-component-update", "--disable-sync", `--host-resolver-rules=MAP ${otherName} 127.0.0.1`,
    ],
  });
}

// newPage opens a page of the server under watch: whatever it does that it should
// not is in faults.
export async function newPage(browser, server, options = {}) {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, colorScheme: "dark", ...options });
  const page = await context.newPage();
  page.setDefaultTimeout(patience);
  const faults = [];
  const { origin } = new URL(server.url);

  await page.exposeBinding("tellViolation", (_, text) => { faults.push(`policy: ${text}`); });
  await page.addInitScript(() => {
    document.addEventListener("securitypolicyviolation", (event) => {
      window.tellViolation(`${event.effectiveDirective} ${event.blockedURI} ${event.sample}`);
    });
  });
  page.on("console", (message) => {
    if (["error", "warning", "assert"].includes(message.type())) faults.push(`console: ${message.text()} (${message.location().url})`);
  });
  page.on("pageerror", (err) => faults.push(`error: ${err.stack ?? err}`));
  page.on("dialog", (dialog) => {
    faults.push(`dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  page.on("popup", (popup) => faults.push(`window: ${popup.url()}`));
  context.on("request", (request) => {
    if (new URL(request.url()).origin !== origin) faults.push(`request off the origin: ${request.url()}`);
  });

  return {
    page,
    // clean fails if the page has done what it should not.
    clean: () => assert.deepEqual(faults, []),
    // allowed takes those faults out that the test itself is the cause of.
    allowed(pattern) {
      faults.splice(0, faults.length, ...faults.filter((fault) => !pattern.test(fault)));
    },
    close: () => context.close(),
  };
}

// numberIn reads the number that an element shows.
export async function numberIn(locator) {
  return Number((await locator.textContent()).replace(/[^\d.]/g, ""));
}

// until waits for a condition that the page has no event for.
export async function until(what, condition, within = patience) {
  const deadline = Date.now() + within;
  for (;;) {
    if (await condition()) return;
    assert.ok(Date.now() < deadline, `this does not happen: ${what}`);
    await new Promise((resolve) => { setTimeout(resolve, 50); });
  }
}
