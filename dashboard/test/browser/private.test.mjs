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

// searchOf is the search field of the list that is shown.
const searchOf = (page) => page.getByLabel("Search everything in the list").locator("visible=true");

// kept is all that the page keeps, or has in its address.
const kept = (page) => page.evaluate(() => JSON.stringify({
  local: { ...localStorage }, session: { ...sessionStorage }, cookie: document.cookie, url: location.href, html: document.documentElement.outerHTML,
  fields: [...document.querySelectorAll("input")].map((input) => input.value),
}));

test("a wrong token is told, a right one opens the pages, log-out forgets", async () => {
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

  await searchOf(page).fill("wp-login");
  await until("the filter leaves some", async () => await alerts.count() < 303);
  await searchOf(page).fill("tanner-by-the-sea");
  await until("the filter leaves three", async () => await alerts.count() === 3);
  await page.getByRole("button", { name: source }).first().click();

  await page.getByRole("heading", { name: source, exact: true }).waitFor();
  await page.waitForURL(/page=address/);
  assert.ok(!page.url().includes(source), "the address is in the history");
  const facts = await page.locator(".private-facts").textContent();
  assert.match(facts, /Alerts3First/);
  assert.match(await page.locator(".private-columns").textContent(), /\/wp-login\.php266\.7%\/robots\.txt133\.3%/);
  await page.getByText("All 3 are listed, by the sensors' clocks.").waitFor();
  await page.getByLabel("IPv4 or IPv6 address").fill("1.2.3.999");
  await page.keyboard.press("Enter");
  await page.getByText("Not an IP address").waitFor();
  await page.getByLabel("IPv4 or IPv6 address").fill("192.0.2.77");
  await page.keyboard.press("Enter");
  await page.getByText("192.0.2.77 is not globally routable").waitFor();

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
    unclassified: i < 2 ? ["new-kind-1"] : [], delay: i === 5 ? 7214 : 14, clock: i === 5 ? "timezone" : "ok",
  });
  const sensors = Array.from({ length: 620 }, (_, i) => answered(i === 600, i, "2026-11-26 14:59:03"));
  await page.route("**/alert/sensors*", (route) => route.fulfill({ json: { sensors, others: { accepted: 7, refused: { credentials: 2 } } } }));
  await page.goto(server.page("#view=private&page=sensors"));
  await logIn(page, user, token);
  await settled(page, "private");
  const rows = page.locator(".private-sensors tbody tr");
  assert.equal(await rows.count(), 500);
  await page.getByText("620 of 620 sensors; 1 gone quiet; 120 more are not shown: use the search").waitFor();
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

  // What is wrong, what to do, and which sensors it is about.
  await page.getByLabel("Host name, id, analyzer or version").fill("");
  const advice = page.locator(".private-advice li");
  assert.equal(await advice.count(), 2);
  assert.match(await advice.first().textContent(), /^Wrong time zone: 1 sensor .*Set TZ=UTC in the environment of ewsposter/);
  assert.match(await advice.last().textContent(), /^Unknown analyzers: 2 sensors .*new-kind-1 \(2 sensors\).*Unclassified/);
  await page.getByRole("button", { name: "Show only: Wrong time zone" }).click();
  await until("one is left", async () => await rows.count() === 1);
  assert.match(await rows.first().textContent(), /host-5.*2 h 0 minWrong time zone/);
  await page.locator(".private-filter:visible select").selectOption("Unknown analyzers (2)");
  await until("two are left", async () => await rows.count() === 2);
  clean();
  await close();
});

test("a token is not taken where everybody on the way could read it", async () => {
  const { page, allowed, clean, close } = await newPage(browser, { url: server.elsewhere });
  await page.goto(`${server.elsewhere}/dashboard/#view=private`);
  await page.getByText("Logging in requires HTTPS").waitFor();
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
  await page.getByText("The server no longer accepts this login.").waitFor();
  allowed(/403/);
  clean();
  await close();
});

// entriesOf reads one of the rankings as {name: count}.
const entriesOf = async (page, title) => Object.fromEntries(await page.getByRole("table", { name: title, exact: true }).locator("tbody tr")
  .evaluateAll((rows) => rows.map((row) => [row.cells[0].textContent, Number(row.cells[2].textContent.replaceAll(",", ""))])));

// timesIn reads the times that facts show.
const timeAfter = (facts, title) => Date.parse(`${new RegExp(`${title}(\\d{4}-\\d\\d-\\d\\d) (\\d\\d:\\d\\d:\\d\\d) UTC`).exec(facts).slice(1).join("T")}Z`);

test("the figures of an address are those of all its alerts", async () => {
  const busy = "218.92.0.107";
  const total = 3600;
  const sent = { types: {}, ports: {}, sensors: {}, credentials: {} };
  const count = (of, name) => { sent[of][name] = (sent[of][name] ?? 0) + 1; };
  const began = Math.floor(Date.now() / 1000) * 1000;
  const alerts = Array.from({ length: total }, (_, i) => {
    const [analyzer, type, port, service] = i % 10 ? ["cowrie-1", "SSH/console(cowrie)", 22, "22 SSH"] : ["heralding-1", "Passwords(heralding)", 5900, "5900 VNC"];
    const hostname = `host-${i % 3}`;
    const [username, password] = [`user-${i % 7}`, i % 2 ? "123456" : ""];
    count("types", type);
    count("ports", service);
    count("sensors", hostname);
    count("credentials", `"${username}" / ${password ? `"${password}"` : "none"}`);
    // Two days by the sensors' clocks.
    return alertXML({ analyzer, source: busy, port, at: new Date(began - i * 40_000), data: { username, password, hostname, uuid: `uuid-${i % 3}` } });
  });
  for (let i = 0; i < total; i += 300) await server.post(messageXML(...alerts.slice(i, i + 300)));

  const { page, clean, close } = await newPage(browser, server);
  await page.goto(server.page(`#view=private&page=address&ip=${busy}`));
  await logIn(page, user, token);
  await page.getByRole("heading", { name: busy, exact: true }).waitFor();
  const facts = await page.locator(".private-facts").textContent();
  assert.match(facts, /^Alerts3,600First/);
  for (const title of ["First arrived", "Last arrived"]) {
    const time = timeAfter(facts, title);
    assert.ok(time >= began && time <= Date.now(), `${title}: ${new Date(time)}`);
  }
  const days = await entriesOf(page, "Days, newest first");
  assert.equal(Object.values(days).reduce((sum, n) => sum + n, 0), total);
  await page.getByRole("button", { name: "Show all 14: Credentials" }).click();
  for (const [title, of] of [["Honeypot types", "types"], ["Ports", "ports"], ["Sensors", "sensors"], ["Credentials", "credentials"]]) {
    assert.deepEqual(await entriesOf(page, title), sent[of], title);
  }
  await page.getByText("The newest 1,000 of 3,600 are listed, by the sensors' clocks; the first 200 are shown.").waitFor();
  await page.getByRole("heading", { name: "Requests of the newest 1,000" }).waitFor();
  await searchOf(page).fill("heralding");
  await page.getByText("The newest 1,000 of 3,600 are listed, by the sensors' clocks; 100 of them match.").waitFor();
  clean();
  await close();
});

test("an address's days are shown as the server counts them", async () => {
  const { page, clean, close } = await newPage(browser, server);
  await page.route("**/alert/enrichment*", (route) => route.fulfill({
    json: {
      ip: source, note: "", alerts: 3600, first: "2026-11-22 22:17:04", last: "2026-11-23 23:45:55", country: "US", countryName: "United States",
      as: "AS15169 Google LLC", perDay: { "2026-11-22 00:00:00": 600, "2026-11-23 00:00:00": 3000 }, types: { "SSH/console(cowrie)": 3600 },
      ports: { distinct: 120, top: [{ port: "22", alerts: 3600 }] }, sensors: { distinct: 0, top: [] }, credentials: { distinct: 0, top: [] }, cves: { distinct: 0, top: [] },
    },
  }));
  await page.route("**/alert/feedLookup*", (route) => route.fulfill({
    json: { ip: source, feeds: [{ name: "blocklist", listed: {}, left: null }, { name: "web", listed: null, left: null }], allowed: [] },
  }));
  await page.goto(server.page(`#view=private&page=address&ip=${source}`));
  await logIn(page, user, token);
  await page.getByRole("heading", { name: source, exact: true }).waitFor();
  assert.equal(await page.locator(".private-facts").textContent(),
    "Alerts3,600First arrived2026-11-22 22:17:04 UTCLast arrived2026-11-23 23:45:55 UTCWithin1 d 1 hCountryUnited StatesNetworkAS15169 Google LLCListed in feedsblocklist");
  assert.deepEqual(await entriesOf(page, "Days, newest first"), { "2026-11-23": 3000, "2026-11-22": 600 });
  await page.getByText("The top 1 of 120").waitFor();
  clean();
  await close();
});

test("a row opens, by keys too, and shows everything that is known of an alert", async () => {
  const raw = "GET /shell?cd+/tmp HTTP/1.1\r\nHost: 198.51.100.9\r\nX-Mark: in-the-raw-request\r\n\r\n";
  await server.post(messageXML(
    alertXML({
      analyzer: "cowrie-desk", source: "8.8.4.4", port: 22, at: new Date(Date.now() - 60_000), requests: { description: "SSH" },
      data: {
        username: "desk-user", password: "desk-password", login: "Success", version: "SSH-2.0-Desk", input: "uname -a", sessionid: "desk-session",
        hostname: "desk-host", uuid: "desk-uuid", externalIP: "80.69.100.196", internalIP: "10.0.0.9", cve_id: "CVE-2021-44228", other: "desk-other",
      },
    }),
    alertXML({ analyzer: "tanner-desk", source: "8.8.4.4", port: 80, requests: { url: "/shell?cd+/tmp", raw: Buffer.from(raw).toString("base64") } })));
  for (const viewport of [{ width: 1440, height: 900 }, { width: 390, height: 844 }]) {
    const { page, clean, close } = await newPage(browser, server, { viewport });
    await page.goto(server.page());
    await logIn(page, user, token);
    await page.getByRole("heading", { name: "Latest alerts" }).waitFor();
    await settled(page, "private");
    await searchOf(page).fill("desk-session");
    const rows = page.locator("#panel-private .private-alerts:visible tbody tr");
    await until("one is left", async () => await rows.count() === 1);
    for (const text of ["8.8.4.4", "United States", "22/tcp", "SSH/console(cowrie)", "desk-host", "uname -a", "User desk-user", "Password desk-password", "CVE CVE-2021-44228"]) {
      assert.ok((await rows.first().textContent()).includes(text), text);
    }
    const opener = rows.first().getByRole("button", { name: /^Details/ });
    await opener.focus();
    await page.keyboard.press("Enter");
    assert.equal(await opener.getAttribute("aria-expanded"), "true");
    const details = page.locator(`#${await opener.getAttribute("aria-controls")}`);
    const known = await details.innerText();
    for (const text of [
      "43288", "80.69.100.196", "desk-uuid", "10.0.0.9", "cowrie-desk", "Success", "SSH-2.0-Desk", "desk-session", "the community", "after the sensor's time", "other", "desk-other",
    ]) assert.ok(known.includes(text), `${text} is not in ${known}`);
    const box = await details.boundingBox();
    assert.ok(box.x >= 0 && box.width <= viewport.width, JSON.stringify(box));
    await page.keyboard.press("Enter");
    assert.equal(await rows.count(), 1);

    await searchOf(page).fill("in-the-raw-request");
    await until("the other is left", async () => (await rows.first().textContent()).includes("/shell"));
    await rows.first().getByRole("button", { name: /^Details/ }).click();
    assert.equal(await page.getByRole("region", { name: "Raw request" }).innerText(), raw.replaceAll("\r\n", "\n"));
    clean();
    await close();
  }
});
