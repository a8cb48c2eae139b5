// The page of the feeds, with a server that computes them every second.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { launch, newPage, until } from "../lib/browser.mjs";
import { alertXML, messageXML } from "../lib/messages.mjs";
import { startServer } from "../lib/server.mjs";
import { logIn, openPrivate, settled } from "../lib/views.mjs";

const token = "her token";
const writer = "writer";
const reader = "reader";
const sources = ["9.9.9.9", "8.8.4.4", "218.92.0.107", "185.220.101.4", "5.188.206.14"];

let server;
let browser;

before(async () => {
  server = await startServer({
    appOptions: `feed_interval 1s
		feed blocklist
		feed web {
			types Webpage
			min_alerts 1
			access public
			licence "CC BY 4.0"
		}`,
  });
  browser = await launch();
  await server.addUser(writer, token);
  await server.addUser(reader, token, "--get-only");
  // Each source has more alerts and sensors than the one before.
  for (const [i, source] of sources.entries()) {
    await server.post(messageXML(...Array.from({ length: 4 * (i + 1) }, (_, n) => alertXML({
      analyzer: "cowrie-1", source, at: new Date(Date.now() - n * 1000),
      data: { uuid: `uuid-${n % (i + 1)}`, hostname: `host-${n % (i + 1)}`, sessionid: `${i}-${n}`, ...(i === 4 ? { input: "uname -a" } : { username: "root", password: "1" }) },
    }))));
  }
  await until("the feed has all sources", async () => (await answerOf("feeds", { ci: -1 }))[0]?.size === sources.length);
});
after(async () => {
  await browser?.close();
  await server?.close();
});

// answerOf asks the server itself.
const answerOf = (question, params) => server.privateAnswer(question, params, writer, token);

// feedsPage opens the page as a user. answers replace the server's, by question.
async function feedsPage({ user = writer, hash = "", answers = {}, ...options } = {}) {
  const opened = await newPage(browser, server, options);
  for (const [question, answer] of Object.entries(answers)) {
    await opened.page.route(`**/alert/${question}?*`, (route) => route.fulfill(answer));
  }
  await opened.page.goto(server.page(`#view=private&page=feeds${hash}`));
  await logIn(opened.page, user, token);
  await opened.page.getByRole("heading", { name: "Feeds", exact: true }).waitFor();
  await settled(opened.page, "private");
  return opened;
}

const entries = (page) => page.locator(".feeds-entries tbody tr");
const card = (page, name) => page.locator("section.card").filter({ has: page.getByRole("heading", { name, exact: true }) });
const lookUp = async (page, ip) => {
  await page.getByLabel("Address to look up in the feeds").fill(ip);
  await page.keyboard.press("Enter");
};

test("the module is loaded when the page is opened, and the figures are the server's", async () => {
  const { page, clean, close } = await newPage(browser, server);
  const files = [];
  page.on("request", (request) => files.push(new URL(request.url()).pathname));
  await page.goto(server.page());
  await logIn(page, writer, token);
  await page.getByRole("heading", { name: "Latest alerts" }).waitFor();
  assert.ok(!files.some((file) => file.endsWith("/feeds.js")), "it is loaded before it is opened");
  await openPrivate(page, "feeds");
  assert.ok(files.some((file) => file.endsWith("/feeds.js")));

  await page.getByRole("heading", { name: "Feeds", exact: true }).waitFor();
  await settled(page, "private");
  const [blocklist] = await answerOf("feeds", { ci: -1 });
  assert.equal(await entries(page).count(), sources.length);
  const shown = await entries(page).evaluateAll((rows) => rows.map((row) => [...row.cells].map((cell) => cell.innerText)));
  for (const [i, entry] of blocklist.top.entries()) {
    const [address, score, alerts, sensors, days, types, far, since, ban] = shown[i];
    assert.equal(address.split("\n")[0], entry.ip);
    assert.deepEqual([alerts, sensors, days, types, far], [String(entry.alerts), String(entry.sensors), String(entry.days), entry.types.join(), entry.interaction.replace("attempt", "login attempt")]);
    const { recency, volume, interaction } = entry.scoreParts;
    assert.match(score, new RegExp(`^${entry.score}\\s+recency ${recency}, alerts ${volume}, sensors ${entry.scoreParts.sensors}, days ${entry.scoreParts.days}, interaction ${interaction}$`));
    assert.match(since, new RegExp(`^${entry.since} UTC\\s+first alert ${entry.first} UTC$`));
    assert.match(ban, new RegExp(`^${entry.until} UTC\\s+last alert ${entry.last} UTC$`));
  }
  assert.deepEqual(blocklist.top.map(({ alerts }) => alerts), [20, 16, 12, 8, 4], "the scores do not differ");
  assert.match(await card(page, "Feeds").locator(".private-facts").textContent(), /Listed addresses5Limit50,000Alerts of the last3 daysBan lasts1 dayAccesswith a token/);
  await page.getByText("As a table").click();
  const hours = await page.locator(".feeds-hours tbody tr").evaluateAll((rows) => rows.map((row) => [...row.cells].map((cell) => cell.innerText)));
  assert.deepEqual(hours, blocklist.history.toReversed().map(({ at, size, joined, left }) => [at.slice(0, 16), String(size), String(joined), String(left)]));
  assert.ok(await page.locator(".feeds-chart path.feeds-line").getAttribute("d"));
  clean();
  await close();
});

test("another feed is chosen, a link shows it, and an empty one says so", async () => {
  const { page, clean, close } = await feedsPage({ hash: "&client=crowdsec" });
  await page.getByRole("combobox", { name: "Feed", exact: true }).selectOption("web");
  await page.getByText("The feed is empty: no address meets its rules now.").waitFor();
  assert.match(await card(page, "Feeds").locator(".private-facts").textContent(), /Accesspublic.*LicenceCC BY 4\.0/);
  await page.waitForURL(/page=feeds.*feed=web/);
  assert.match(await page.getByRole("region", { name: "for CrowdSec bouncers" }).first().textContent(), new RegExp(`^api_url: ${server.url}/crowdsec/web/\napi_key: TOKEN$`));
  clean();
  await close();

  const linked = await feedsPage({ hash: "&feed=web&client=pfsense" });
  assert.equal(await linked.page.getByRole("combobox", { name: "Feed", exact: true }).inputValue(), "web");
  assert.match(await card(linked.page, "Set up a device").textContent(), new RegExp(`${server.url}/feeds/web\\.txt`));
  linked.clean();
  await linked.close();
});

test("every set-up names this site, and is copied", async () => {
  const { page, clean, close } = await feedsPage();
  await page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
  const setup = card(page, "Set up a device");
  const choice = page.getByLabel("Device or program");
  const clients = await choice.locator("option").evaluateAll((options) => options.map(({ value }) => value));
  assert.equal(clients.length, 8);
  for (const client of clients) {
    await choice.selectOption(client);
    const text = await setup.textContent();
    assert.ok(text.includes(server.url) && text.includes("caddy peba feed token add NAME --feed blocklist"), client);
  }
  await choice.selectOption("nftables");
  await page.getByRole("button", { name: "Copy: for nftables" }).first().click();
  await page.getByText("Copied").waitFor();
  assert.match(await page.evaluate(() => navigator.clipboard.readText()), /^install -m 700 .*\/blocklist\.nft\?list=peba_blocklist'.*\nEOF$/s);
  clean();
  await close();
});

test("every URL of a set-up answers a client that does what it says", async () => {
  const given = await server.addFeedToken("a client");
  const { page, clean, close } = await feedsPage();
  const setup = card(page, "Set up a device");
  const choice = page.getByLabel("Device or program");
  // What clients append to the URL that they are given.
  const appended = { crowdsec: "v1/decisions", opencti: "collections/blocklist/objects/", misp: "/manifest.json" };
  const asked = [];
  for (const client of await choice.locator("option").evaluateAll((options) => options.map(({ value }) => value))) {
    await choice.selectOption(client);
    const texts = await setup.locator("code, pre").allTextContents();
    for (const [url] of texts.flatMap((shown) => [...shown.matchAll(/http:[^\s'"]+/g)])) {
      const headers = client === "crowdsec" ? { "X-Api-Key": given }
        : client === "nftables" || client === "misp" ? { Authorization: `Bearer ${given}` } : { Authorization: `Basic ${btoa(`peba:${given}`)}` };
      const response = await fetch(url.replace("TOKEN", given) + (appended[client] ?? ""), url.includes("TOKEN") ? {} : { headers });
      assert.equal(response.status, 200, `${client}: ${url}`);
      asked.push([client, await response.text()]);
    }
  }
  const lists = asked.filter(([, body]) => sources.every((source) => body.includes(source)));
  assert.deepEqual(asked.filter((answer) => !lists.includes(answer)).map(([client]) => client), ["misp"], "a set-up has no addresses, besides MISP's manifest");
  assert.equal(asked.length, 20);
  clean();
  await close();
});

test("the look-up says since when, why, and until when", async () => {
  const { page, clean, close } = await feedsPage();
  await lookUp(page, "218.92.0.107");
  const found = card(page, "Is an address listed?");
  await found.getByText("Listed", { exact: true }).waitFor();
  const { feeds: [{ listed }] } = await answerOf("feedLookup", { ip: "218.92.0.107", ci: -1 });
  const text = await found.locator(".feeds-findings li").first().innerText();
  for (const part of [`${listed.since} UTC`, `${listed.until} UTC`, `recency ${listed.scoreParts.recency}`, "12 alerts, 3 sensors, 1 day", "SSH/console(cowrie)", "login attempt"]) {
    assert.ok(text.includes(part), `${part} is not in ${text}`);
  }
  await lookUp(page, "1.1.1.1");
  await found.getByText("It was not in the feed in the last seven days.").first().waitFor();
  assert.equal(await found.locator(".feeds-findings .chip", { hasText: /^Not listed$/ }).count(), 2);
  await lookUp(page, "1.2.3.999");
  await page.getByText("Not an IP address").waitFor();
  assert.ok(!page.url().includes("218.92"), "the address is in the history");

  // From the entries to the address, and from the address to the feed.
  await page.getByRole("button", { name: "8.8.4.4", exact: true }).click();
  await page.getByRole("heading", { name: "8.8.4.4", exact: true }).waitFor();
  await page.getByRole("button", { name: "blocklist", exact: true }).click();
  await found.getByText("Listed", { exact: true }).waitFor();
  assert.equal(await page.getByLabel("Address to look up in the feeds").inputValue(), "8.8.4.4");
  clean();
  await close();
});

test("an allowed network leaves the feed, and comes back after it was removed", async () => {
  const { page, clean, allowed, close } = await feedsPage();
  const allow = card(page, "Allowed networks");
  const refresh = (name) => card(page, name).getByRole("button", { name: "Refresh" }).click();
  await allow.getByText("No network is allowed.").waitFor();
  const add = async (network, reason) => {
    await page.getByLabel("Address or network").fill(network);
    await page.getByLabel("Reason").fill(reason);
    await allow.getByRole("button", { name: "Allow", exact: true }).click();
  };
  await add("0.0.0.0/0", "too much");
  await allow.getByText("is too wide: must be /8 or narrower").waitFor();
  allowed(/400/);
  await page.getByLabel("Until (UTC)").fill("2099-12-31T23:30");
  await add("9.9.9.9/24", `<b data-xss>"our scanner"</b>`);
  await allow.getByText("9.9.9.9/24 is allowed.").waitFor();
  const row = allow.locator("tbody tr");
  await row.waitFor();
  const shown = await row.innerText();
  for (const part of ["9.9.9.0/24", `<b data-xss>"our scanner"</b>`, "by user writer", "2099-12-31 23:30:00 UTC"]) assert.ok(shown.includes(part), `${part} is not in ${shown}`);
  assert.equal(await page.locator("[data-xss]").count(), 0);

  await until("the address leaves", async () => {
    await refresh("Feeds");
    return await entries(page).count() === sources.length - 1;
  });
  assert.match(await page.locator(".feeds-left").innerText(), /^9\.9\.9\.9 \d{4}-/);
  await lookUp(page, "9.9.9.9");
  await page.getByText("It left the feed on").waitFor();
  await card(page, "Is an address listed?").getByText("Allowed: 9.9.9.0/24").waitFor();

  // By keys: the first press only asks.
  await allow.getByRole("button", { name: "Remove 9.9.9.0/24" }).focus();
  await page.keyboard.press("Enter");
  assert.equal(await page.evaluate(() => document.activeElement.textContent), "Keep");
  await page.keyboard.press("Enter");
  assert.equal(await page.evaluate(() => document.activeElement.textContent), "Remove");
  assert.equal((await answerOf("feedAllowances", {})).length, 1);
  await page.keyboard.press("Enter");
  await page.getByRole("button", { name: "Yes, remove 9.9.9.0/24" }).click();
  await allow.getByText("9.9.9.0/24 is no longer allowed.").waitFor();
  await allow.getByText("No network is allowed.").waitFor();
  await until("the address comes back", async () => {
    await refresh("Feeds");
    return await entries(page).count() === sources.length;
  });
  clean();
  await close();
});

test("a user who may only read is told so, and stays logged in", async () => {
  const { page, clean, allowed, close } = await feedsPage({ user: reader });
  const allow = card(page, "Allowed networks");
  await page.getByLabel("Address or network").fill("9.9.9.9");
  await page.getByLabel("Reason").fill("mine");
  await allow.getByRole("button", { name: "Allow", exact: true }).click();
  await allow.getByText("Your user may not change the allowed networks").waitFor();
  await allow.getByText("caddy peba feed allow NETWORK --reason TEXT").waitFor();
  assert.equal(await page.getByLabel("Address or network").isVisible(), false);
  await page.getByText("Logged in as reader").waitFor();
  assert.deepEqual(await answerOf("feedAllowances", {}), []);
  await page.getByRole("button", { name: "Log out" }).click();
  assert.equal(await page.locator("#panel-private tbody tr").count(), 0, "rows are left after log-out");
  await logIn(page, writer, token);
  await page.getByLabel("Address or network").waitFor();
  assert.equal(await page.getByLabel("Address or network").inputValue(), "");
  allowed(/403/);
  clean();
  await close();
});

const text = `<script data-xss>window.xss = 1</script>`;
const entry = (i, more) => ({
  ip: `9.${Math.floor(i / 250)}.${i % 250}.7`, since: "2026-11-22 10:00:00", until: "2026-11-30 10:00:00", score: 90 - Math.floor(i / 20),
  scoreParts: { recency: 30 - Math.floor(i / 40), volume: 25, sensors: 20, days: 10 - Math.floor(i / 200), interaction: 5 }, alerts: 4000 - i, sensors: 12, days: 7,
  first: "2026-11-22 09:00:00", last: "2026-11-29 11:59:59", types: ["SSH/console(cowrie)", "Webpage"], interaction: "login", country: "DE", as: "AS64500 Example Networks GmbH", ...more,
});
const summary = (more) => ({
  name: "blocklist", at: new Date().toISOString().slice(0, 19).replace("T", " "), size: 1, entries: 1, limit: 50_000, window: 259_200, duration: 86_400, public: false, licence: "",
  history: Array.from({ length: 168 }, (_, i) => ({
    at: new Date(Date.UTC(2026, 10, 23, i)).toISOString().slice(0, 19).replace("T", " "), size: 1200 + Math.round(300 * Math.sin(i / 11)), joined: (i * 7) % 31, left: (i * 5) % 23,
  })),
  top: [], left: [], ...more,
});

test("a thousand entries are shown in steps", async () => {
  const list = Array.from({ length: 1000 }, (_, i) => entry(i));
  const asked = [];
  const { page, clean, close } = await newPage(browser, server);
  await page.route("**/alert/feeds?*", (route) => {
    const topx = Number(new URL(route.request().url()).searchParams.get("topx"));
    asked.push(topx);
    return route.fulfill({ json: [summary({ size: 1204, entries: 1100, top: list.slice(0, topx), left: list.slice(0, 30).map(({ ip }) => ({ ip, at: "2026-11-29 10:00:00" })) })] });
  });
  await page.goto(server.page("#view=private&page=feeds"));
  await logIn(page, writer, token);
  for (const [n, next] of [[20, "Show 180 more"], [200, "Show 800 more"], [1000, ""]]) {
    await until(`${n} rows`, async () => await entries(page).count() === n);
    await page.getByText(`The first ${n === 1000 ? "1,000" : n} of 1,204`).waitFor();
    if (next) await page.getByRole("button", { name: next }).click();
  }
  assert.deepEqual(asked, [20, 200, 1000]);
  assert.equal(await page.locator(".feeds-list > .button").isVisible(), false);
  assert.equal(await page.locator(".feeds-left li").count(), 20);
  assert.match(await card(page, "Feeds").locator(".private-facts").textContent(), /Listed addresses1,204Entries after aggregation1,100/);
  const chart = page.locator(".feeds-chart");
  const { width, height } = await chart.boundingBox();
  await chart.hover({ position: { x: width - 2, y: height / 2 } });
  await page.getByText("29 Nov, 23:00 to 00:00 UTC").waitFor();
  clean();
  await close();
});

for (const colorScheme of ["dark", "light"]) {
  test(`hostile texts stay texts, ${colorScheme}`, async () => {
    const hostile = entry(1, { types: [text], interaction: text, country: text, as: text });
    const { page, clean, close } = await feedsPage({
      colorScheme, hash: "&ip=9.9.9.9",
      answers: {
        feeds: { json: [summary({ licence: text, at: text, top: [hostile, entry(2, { ip: text, since: text, scoreParts: { recency: text } })], left: [{ ip: text, at: text }], history: [{ at: text }] }), summary({ name: text })] },
        feedLookup: { json: { ip: "9.9.9.9", feeds: [{ name: text, listed: hostile, left: null }, { name: "b", listed: null, left: text }], allowed: [{ network: text, reason: text, by: text, since: text, until: text }] } },
        feedAllowances: { json: [{ network: text, reason: text, by: text, since: text, until: text }] },
      },
    });
    await page.locator(`html[data-theme=${colorScheme}]`).waitFor();
    await page.locator(".feeds-allowed tbody tr").getByRole("button").click();
    for (const part of [".private-facts", ".feeds-entries", ".feeds-left", ".feeds-findings", ".feeds-allowed"]) {
      assert.ok((await page.locator(`${part}:visible`).allTextContents()).join().includes(text), `${part} does not show the text`);
    }
    assert.deepEqual(await page.evaluate(() => [window.xss, document.querySelectorAll("[data-xss]").length]), [undefined, 0]);
    assert.equal(await page.locator("option").filter({ hasText: "data-xss" }).count(), 0, "a feed whose name is a script is offered");
    assert.ok(await page.getByText("Not computed for").isVisible());
    clean();
    await close();
  });
}

test("before a feed is computed, and when the server fails, the page says so", async () => {
  const none = await feedsPage({ answers: { feeds: { json: [] } } });
  await none.page.getByText("No feed has been computed yet").waitFor();
  assert.equal(await none.page.locator(".feeds-list").isVisible(), false);
  await none.page.getByText("Enter an address to see since when").waitFor();
  none.clean();
  await none.close();

  const failing = { status: 503, json: { error: "the database cannot be read" } };
  const { page, clean, allowed, close } = await feedsPage({ answers: { feeds: failing, feedLookup: failing, feedAllow: failing }, hash: "&ip=9.9.9.9" });
  assert.equal(await page.getByText(/the database cannot be read; trying again in \d+ s/).count(), 2);
  await page.getByLabel("Address or network").fill("9.9.9.9");
  await page.getByLabel("Reason").fill("mine");
  await page.getByRole("button", { name: "Allow", exact: true }).click();
  await page.getByText("Nothing was changed: the database cannot be read. Try again in a moment.").waitFor();
  assert.equal(await page.getByLabel("Reason").inputValue(), "mine");
  allowed(/503/);
  clean();
  await close();
});

test("a page that cannot be loaded says so, and is loaded later", async () => {
  const { page, clean, allowed, close } = await newPage(browser, server);
  await page.route("**/private/feeds.js", (route) => route.abort());
  await page.goto(server.page());
  await logIn(page, writer, token);
  await page.getByRole("heading", { name: "Latest alerts" }).waitFor();
  await page.getByRole("button", { name: "Feeds" }).click();
  await page.getByText("This page could not be loaded").waitFor();
  await page.unroute("**/private/feeds.js");
  await page.getByRole("button", { name: "Try again" }).click();
  await page.getByRole("heading", { name: "Feeds", exact: true }).waitFor();
  allowed(/ERR_FAILED/);
  clean();
  await close();
});
