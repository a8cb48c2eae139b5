// Below a path prefix the page works as it does at the root, and asks for nothing else.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { launch, newPage, numberIn, until } from "../lib/browser.mjs";
import { startServer } from "../lib/server.mjs";
import { logIn, open, openPrivate, privatePages, settled, views } from "../lib/views.mjs";

const prefix = "/peba";
const user = "analyst";
const token = "her token";

let server;
let browser;

before(async () => {
  server = await startServer({ prefix });
  browser = await launch();
  await server.addUser(user, token);
  await server.play({ alerts: 200, seed: 12 });
});
after(async () => {
  await browser?.close();
  await server?.close();
});

test("all tabs, the stream and the log-in stay below the prefix", async () => {
  const { page, clean, close } = await newPage(browser, server);
  const asked = [];
  page.on("request", (request) => asked.push(new URL(request.url()).pathname));
  await page.goto(`${server.url}/`);
  assert.equal(new URL(page.url()).pathname, `${prefix}/dashboard/`);
  await page.locator("#stream-state[data-status=live]").waitFor();
  await until("all alerts are counted", async () => await numberIn(page.locator("#counters dd").last()) >= 200);
  for (const view of views) {
    const panel = await open(page, view);
    assert.equal(await panel.locator(".fault:visible").count(), 0, `${view} shows a fault`);
    assert.equal(await panel.locator(".empty:visible").count(), 0, `${view} shows nothing`);
  }
  await logIn(page, user, token);
  await page.getByRole("heading", { name: "Latest alerts" }).waitFor();
  for (const name of privatePages) await openPrivate(page, name);
  await page.getByText(`${server.url}/feeds/t/TOKEN/blocklist.txt`).waitFor();
  await open(page, "live");
  const first = await page.locator("#latest li").first().textContent();
  await server.play({ alerts: 20, seed: 13 });
  await until("the stream has new alerts", async () => await page.locator("#latest li").first().textContent() !== first);

  for (const path of ["/alert/stream", "/alert/topCountriesAttacks", "/alert/replayDay", "/alert/sensors"]) {
    assert.ok(asked.includes(prefix + path), `${path} is not asked`);
  }
  assert.deepEqual(asked.filter((path) => !path.startsWith(`${prefix}/`)), []);
  clean();
  await close();
});

test("an empty page names the address that sensors post to", async () => {
  const { page, clean, close } = await newPage(browser, server);
  await page.goto(server.page("#ci=1"));
  await page.route("**/alert/retrieveAlertsJson*", (route) => route.fulfill({ json: { alerts: [] } }));
  await page.reload();
  await settled(page, "live");
  const command = page.locator("#latest .empty code");
  assert.equal(await command.textContent(), `caddy peba simulate ${server.url}/ews-0.1/alert/postSimpleMessage`);
  clean();
  await close();
});
