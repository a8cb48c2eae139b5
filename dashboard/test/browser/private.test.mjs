// The pages for users, and that nothing is left of them.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { launch, newPage, until } from "../lib/browser.mjs";
import { alertXML, messageXML } from "../lib/messages.mjs";
import { startServer } from "../lib/server.mjs";
import { logIn, openPrivate, settled } from "../lib/views.mjs";

const user = "analyst";
const token = "pa:ss wörd\u{1f511}";
const source = "9.9.9.9";

let server;
let browser;

before(async () => {
  server = await startServer();
  browser = await launch();
  await server.addUser(user, token, "--get-only");
  await server.play({ alerts: 300, sensors: 12, seed: 6 });
  const sensor = { uuid: "0b7d1c52-9d6c-4a52-8a6f-5d2c1f0e9a11", hostname: "sensor-by-the-sea" };
  await server.post(messageXML(...["/wp-login.php", "/wp-login.php", "/robots.txt"].map((url, i) => alertXML({
    analyzer: "tanner-by-the-sea", source, port: 80, at: new Date(Date.now() - i * 60_000), requests: { url }, data: sensor,
  }))));
});
after(async () => {
  await browser?.close();
  await server?.close();
});

// kept is all that the page keeps, or has in its address.
const kept = (page) => page.evaluate(() => JSON.stringify({
  local: { ...localStorage }, session: { ...sessionStorage }, cookie: document.cookie, url: location.href, html: document.documentElement.outerHTML,
  fields: [...document.querySelectorAll("input")].map((input) => input.value),
}));

test("a wrong token is told, a right one opens three pages, log-out forgets", async () => {
  const { page, clean, allowed, close } = await newPage(browser, server);
  const urls = [];
  page.on("request", (request) => urls.push(request.url()));
  await page.goto(server.page());
  await logIn(page, user, "wrong");
  await page.getByText("Wrong user or token.").waitFor();
  allowed(/403/);
  assert.equal(await page.getByLabel("Token").inputValue(), "");

  await logIn(page, user, token);
  await page.getByRole("heading", { name: "Latest alerts" }).waitFor();
  await settled(page, "private");
  const alerts = page.locator("#panel-private .private-alerts:visible tbody tr");
  assert.equal(await alerts.count(), 200);
  await page.getByRole("button", { name: "Show 103 more" }).click();
  assert.equal(await alerts.count(), 303);

  await page.getByLabel("Address, sensor or request").fill("wp-login");
  await until("the filter leaves some", async () => await alerts.count() < 303);
  await page.getByLabel("Address, sensor or request").fill("tanner-by-the-sea");
  await until("the filter leaves three", async () => await alerts.count() === 3);
  await page.getByRole("button", { name: source }).first().click();

  await page.getByRole("heading", { name: source, exact: true }).waitFor();
  await page.waitForURL(/page=address/);
  assert.ok(!page.url().includes(source), "the address is in the history");
  const facts = await page.locator(".private-facts").textContent();
  assert.match(facts, /Alerts3First/);
  assert.match(await page.locator(".private-columns").textContent(), /\/wp-login\.php266\.7%\/robots\.txt133\.3%/);
  await page.getByLabel("IPv4 or IPv6 address").fill("1.2.3.999");
  await page.keyboard.press("Enter");
  await page.getByText("neither an IPv4 address").waitFor();
  await page.getByLabel("IPv4 or IPv6 address").fill("192.0.2.77");
  await page.keyboard.press("Enter");
  await page.getByText("No alerts of 192.0.2.77").waitFor();

  await openPrivate(page, "sensors");
  const sensors = page.locator(".private-sensors tbody tr");
  assert.ok(await sensors.count() > 5);
  await page.getByLabel("Host name, id, analyzer or version").fill("by-the-sea");
  await until("the search leaves one", async () => await sensors.count() === 1);
  assert.match(await sensors.first().textContent(), /sensor-by-the-sea.*tanner-by-the-sea/);

  for (const text of [token, btoa(unescape(encodeURIComponent(`${user}:${token}`)))]) {
    assert.ok(!(await kept(page)).includes(text), "the token is kept in the page");
    assert.ok(!urls.some((url) => url.includes(encodeURIComponent(text))), "the token is in a URL");
  }

  await page.getByRole("button", { name: "Log out" }).click();
  await page.getByRole("button", { name: "Log in" }).waitFor();
  const left = await kept(page);
  for (const text of [user, source, "by-the-sea"]) assert.ok(!left.includes(text), `${text} is left after log-out`);
  assert.equal(await page.locator("#panel-private tbody tr").count(), 0, "rows are left after log-out");
  await page.reload();
  await page.getByRole("button", { name: "Log in" }).waitFor();
  clean();
  await close();
});

test("a link to an address shows it, and no history keeps it", async () => {
  const { page, clean, close } = await newPage(browser, server);
  await page.goto(server.page(`#view=private&page=address&ip=${source}`));
  await page.waitForURL((url) => url.hash === "#view=private&page=address");
  await logIn(page, user, token);
  await page.getByRole("heading", { name: source, exact: true }).waitFor();
  await page.locator("#tab-live").click();
  await page.goBack();
  await page.getByRole("heading", { name: source, exact: true }).waitFor();
  await page.goForward();
  await page.locator("#panel-live").waitFor();
  await page.goBack();
  const client = await page.context().newCDPSession(page);
  const { entries } = await client.send("Page.getNavigationHistory");
  assert.ok(entries.length > 1 && entries.every(({ url }) => !url.includes(source)), JSON.stringify(entries));
  clean();
  await close();
});

test("a user's name that cannot be sent is told", async () => {
  const { page, clean, close } = await newPage(browser, server);
  await page.goto(server.page());
  await logIn(page, "some:body", token);
  await page.getByText("HTTP Basic ends the name at the colon.").waitFor();
  clean();
  await close();
});

test("sensors are sorted, and those gone quiet come first with a word", async () => {
  const { page, clean, close } = await newPage(browser, server);
  const answered = (quiet, i, lastSeen) => ({
    id: `id-${i}`, uuid: "", hostname: `host-${i}`, analyzers: [`cowrie-${i}`], version: "EWS Poster v1.33", community: true,
    firstSeen: "2026-11-20 10:00:00", lastSeen, accepted: 1000 - i, refused: i === 3 ? { timezone: 3, credentials: 1 } : {},
    lastHour: i, perHour: Array.from({ length: 24 }, (_, h) => h * i), quiet,
  });
  const sensors = Array.from({ length: 620 }, (_, i) => answered(i === 600, i, "2026-11-26 14:59:03"));
  await page.route("**/alert/sensors*", (route) => route.fulfill({ json: { sensors, others: { accepted: 7, refused: { credentials: 2 } } } }));
  await page.goto(server.page("#view=private&page=sensors"));
  await logIn(page, user, token);
  await settled(page, "private");
  const rows = page.locator(".private-sensors tbody tr");
  assert.equal(await rows.count(), 500);
  await page.getByText("620 of 620 sensors; 1 gone quiet; 120 are left out here: search for them").waitFor();
  await page.getByText("7 accepted, refused: credentials 2").waitFor();
  assert.match(await rows.first().textContent(), /Quiet.*host-600/);
  const accepted = page.getByRole("columnheader", { name: "Accepted" });
  await accepted.getByRole("button").click();
  assert.equal(await accepted.getAttribute("aria-sort"), "descending");
  assert.match(await rows.nth(0).textContent(), /host-600/);
  assert.match(await rows.nth(1).textContent(), /host-0/);
  await accepted.getByRole("button").click();
  assert.match(await rows.nth(1).textContent(), /host-619/);
  await page.getByLabel("Host name, id, analyzer or version").fill("cowrie-3");
  await until("the search leaves some", async () => await rows.count() < 500);
  await page.getByRole("button", { name: "Refused" }).click();
  assert.match(await rows.first().textContent(), /host-3.*4timezone 3, credentials 1/);
  clean();
  await close();
});

test("a token is not taken where everybody on the way could read it", async () => {
  const { page, allowed, clean, close } = await newPage(browser, { url: server.elsewhere });
  await page.goto(`${server.elsewhere}/dashboard/#view=private`);
  await page.getByText("Logging in needs https").waitFor();
  for (const label of ["User", "Token"]) assert.ok(await page.getByLabel(label).isDisabled(), label);
  assert.ok(await page.getByRole("button", { name: "Log in" }).isDisabled());
  allowed(/Cross-Origin-Opener-Policy header has been ignored/); // over http, browsers say
  clean();
  await close();
});

test("a log-in that is taken back ends the session", async () => {
  const { page, allowed, clean, close } = await newPage(browser, server);
  await page.goto(server.page());
  await logIn(page, user, token);
  await page.getByRole("heading", { name: "Latest alerts" }).waitFor();
  await page.route("**/alert/retrieveAlertsCyber*", (route) => route.fulfill({ status: 403, body: "" }));
  await page.getByRole("button", { name: "Refresh" }).click();
  await page.getByText("The server does not take this log-in any more.").waitFor();
  allowed(/403/);
  clean();
  await close();
});
