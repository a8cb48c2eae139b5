// Another site's page in the browser of a user whose HTTP Basic login the browser sends
// along: it can have questions asked, but reads no answer, and changes nothing.

import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import { after, before, test } from "node:test";
import { launch, until } from "../lib/browser.mjs";
import { query } from "../lib/database.mjs";
import { alertXML, messageXML } from "../lib/messages.mjs";
import { otherName, startServer } from "../lib/server.mjs";

const user = "analyst";
const token = "her token";
const source = "218.92.0.107";
const message = messageXML(alertXML({ analyzer: "cowrie-community-01", source }));

let server;
let browser;
let site;

before(async () => {
  server = await startServer();
  browser = await launch();
  await server.addUser(user, token);
  await server.post(message);
  site = createServer((request, response) => {
    response.setHeader("Content-Type", "text/html");
    response.end("<!doctype html><title>another site</title>");
  }).listen(0, "127.0.0.1");
  await once(site, "listening");
});
after(async () => {
  await browser?.close();
  site?.close();
  await server?.close();
});

// visit opens the other site's page. sent are the requests that reached the server
// with the login, with their answers' statuses.
async function visit() {
  const context = await browser.newContext();
  const sent = [];
  // No answer of the server asks for a login (401), so that browsers never keep one for
  // it by themselves; a proxy before it may. Then they send it with every request.
  await context.route(`${server.url}/**`, async (route) => {
    const request = route.request();
    await route.continue({ headers: { ...request.headers(), authorization: `Basic ${btoa(`${user}:${token}`)}` } });
  });
  context.on("response", (response) => {
    if (response.url().startsWith(server.url)) sent.push(`${response.request().method()} ${new URL(response.url()).pathname} ${response.status()}`);
  });
  const page = await context.newPage();
  await page.goto(`http://${otherName}:${site.address().port}/`);
  return { page, sent, close: () => context.close() };
}

const question = () => `${server.url}/alert/retrieveIPs?out=json`;

test("scripts of another site read no answer", async () => {
  const { page, sent, close } = await visit();
  for (const options of [{}, { credentials: "include" }, { method: "POST", credentials: "include", body: "" }]) {
    const read = await page.evaluate(([url, init]) => fetch(url, init).then((r) => r.text(), () => null), [question(), options]);
    assert.equal(read, null, `a script has read ${read}`);
  }
  const opaque = await page.evaluate((url) => fetch(url, { mode: "no-cors", credentials: "include" }).then(async (r) => [r.type, r.status, await r.text()], () => null), question());
  assert.ok(opaque === null || opaque.join() === "opaque,0,", `a script has read ${opaque}`);
  assert.ok(sent.includes("GET /alert/retrieveIPs 200"), `the question was not answered with the login: ${sent}`);
  await close();
});

test("an answer is no script, style, picture or frame of another site", async () => {
  const { page, sent, close } = await visit();
  const loaded = await page.evaluate(async (url) => {
    const load = (tag, attribute) => new Promise((done) => {
      const element = document.createElement(tag);
      element.onload = () => done(`${tag} is loaded`);
      element.onerror = () => done("");
      if (tag === "link") element.rel = "stylesheet";
      element[attribute] = url;
      document.body.append(element);
    });
    return [await load("script", "src"), await load("link", "href"), await load("img", "src")].join("");
  }, question());
  assert.equal(loaded, "");
  const frame = await page.evaluate((url) => new Promise((done) => {
    const element = document.createElement("iframe");
    element.onload = () => {
      try {
        done(element.contentDocument?.body?.textContent ?? null);
      } catch {
        done(null);
      }
    };
    element.src = url;
    document.body.append(element);
  }), question());
  assert.equal(frame, null);
  assert.ok(sent.length > 0, "nothing was sent");
  await close();
});

test("a form of another site stores nothing", async () => {
  const { page, sent, close } = await visit();
  const forged = messageXML(alertXML({ analyzer: "cowrie-community-02", source: "5.188.10.1" })).replace(/<Authentication>.*<\/Authentication>/, "");
  await page.evaluate(([url, body]) => {
    const frame = document.createElement("iframe");
    frame.name = "frame";
    const form = document.createElement("form");
    Object.assign(form, { method: "POST", action: url, enctype: "text/plain", target: "frame" });
    const input = document.createElement("input");
    Object.assign(input, { type: "hidden", name: body, value: "" });
    form.append(input);
    document.body.append(frame, form);
    form.submit();
    void fetch(url, { method: "POST", mode: "no-cors", credentials: "include", body }).catch(() => undefined);
  }, [`${server.url}/ews-0.1/alert/postSimpleMessage`, forged]);
  await until("both are rejected", () => sent.filter((line) => /^POST \/ews-0.1\/alert\/postSimpleMessage 4\d\d$/.test(line)).length === 2);
  const [{ n }] = await query(server, "SELECT count(*) AS n FROM alerts");
  assert.equal(n, 1, "an alert was stored");
  await close();
});
