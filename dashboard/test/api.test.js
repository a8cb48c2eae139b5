import assert from "node:assert/strict";
import { test } from "node:test";

globalThis.window = {
  isSecureContext: true,
  location: { origin: "http://x", pathname: "/", search: "", hash: "" },
  addEventListener() {},
};
const { api } = await import("../public/lib/api.js");
const { prefixOf } = await import("../public/lib/urls.js");

// answering has a server answer at a time by its clock.
function answering(t) {
  return (time, status = 200, cacheControl = "no-cache") => t.mock.method(globalThis, "fetch", async () =>
    new Response("{}", { status, headers: { Date: new Date(time).toUTCString(), "Cache-Control": cacheControl } }));
}

test("the time is the latest that the server has told", async (t) => {
  let clock = 1000;
  t.mock.method(performance, "now", () => clock);
  const told = Date.parse("2001-02-03T04:05:06Z");
  const answer = answering(t);
  assert.ok(Math.abs(api.now() - Date.now()) < 60_000);
  answer(told, 200);
  await api.get("/alert/x");
  assert.equal(api.now(), told);
  clock += 5000;
  assert.equal(api.now(), told + 5000);
  answer(told - 3_600_000, 200, "public, max-age=3600"); // from the browser's cache
  await api.get("/alert/x");
  assert.equal(api.now(), told + 5000);
  answer(told + 8000, 503);
  await assert.rejects(api.get("/alert/x"));
  assert.equal(api.now(), told + 8000);
});

test("the time goes back where the server's does, and with a clock here that runs fast", async (t) => {
  let clock = 1000;
  t.mock.method(performance, "now", () => clock);
  const answer = answering(t);
  const start = Date.parse("2031-02-03T04:05:06Z");
  const ask = async (time, cacheControl) => {
    answer(time, 200, cacheControl);
    await api.get("/alert/x");
  };
  await ask(start);
  assert.equal(api.now(), start);
  await ask(start - 20_000, "public, max-age=13");
  assert.equal(api.now(), start, "an answer that a cache kept");
  await ask(start - 300_000, "public, max-age=13");
  assert.equal(api.now(), start - 300_000, "the server's clock was set back");
  for (let day = 1; day <= 30; day++) {
    clock += 86_400_000 * 1.0001; // 8.6 seconds a day too fast
    await ask(start - 300_000 + day * 86_400_000, "public, max-age=13");
    const ahead = api.now() - (start - 300_000 + day * 86_400_000);
    assert.ok(ahead >= 0 && ahead <= 23_000, `${ahead} ms ahead after ${day} days`);
  }
});

test("public questions carry the log-in where they are about private alerts", async (t) => {
  const sent = t.mock.method(globalThis, "fetch", async () => new Response("{}"));
  const carried = async (ci) => {
    await api.get("/alert/x", { ci });
    return sent.mock.calls.at(-1).arguments[1].headers.Authorization;
  };
  assert.equal(await carried("0"), undefined);
  await api.logIn("a", "b");
  assert.equal(await carried("0"), "Basic YTpi");
  assert.equal(await carried("-1"), "Basic YTpi");
  assert.equal(await carried("1"), undefined);
  api.logOut();
  assert.equal(await carried("0"), undefined);
});

test("a change is sent with the log-in, and one that is refused does not end it", async (t) => {
  let status = 200;
  const sent = t.mock.method(globalThis, "fetch", async () => new Response(status === 204 ? null : '{"error":"only users who may write"}', { status }));
  await assert.rejects(api.privateChange("POST", "/alert/x", {}, {}), /not logged in/);
  assert.equal(sent.mock.callCount(), 0);
  await api.logIn("a", "b");
  status = 204;
  await api.privateChange("DELETE", "/alert/x", { cidr: "192.0.2.0/24" });
  await api.privateChange("POST", "/alert/x", {}, { cidr: "::1" });
  const [[deleted, del], [, post]] = sent.mock.calls.slice(-2).map((call) => call.arguments);
  assert.match(deleted, /cidr=192\.0\.2\.0%2F24/);
  assert.deepEqual([del.method, del.body, del.headers.Authorization], ["DELETE", undefined, "Basic YTpi"]);
  assert.deepEqual([post.method, post.body, post.headers["Content-Type"]], ["POST", '{"cidr":"::1"}', "application/json"]);
  status = 403;
  await assert.rejects(api.privateChange("POST", "/alert/x", {}, {}), { status: 403, message: "only users who may write" });
  assert.deepEqual(api.session, { user: "a" });
  await assert.rejects(api.privateGet("/alert/x"), { status: 403 });
  assert.equal(api.session, null);
});

test("a name that Basic cannot tell is told before anything is sent", async (t) => {
  const sent = t.mock.method(globalThis, "fetch", async () => new Response("{}"));
  await assert.rejects(api.logIn("a:b", "c"), /colon/);
  assert.equal(sent.mock.callCount(), 0);
  assert.equal(api.session, null);
  await api.logIn("a", "b:c");
  assert.deepEqual(api.session, { user: "a" });
  api.logOut();
});

test("the age of an answer is when it was computed, not when it was asked for or sent", async (t) => {
  const computed = Date.parse("2001-02-03T04:05:06Z");
  const sent = computed + 3_600_000;
  let headers;
  t.mock.method(globalThis, "fetch", async () => new Response('{"n":1}', { headers }));
  headers = { Date: new Date(sent).toUTCString(), "Last-Modified": new Date(computed).toUTCString() };
  assert.deepEqual(await api.ask("/alert/x"), { answer: { n: 1 }, asOf: computed });
  assert.deepEqual(await api.get("/alert/x"), { n: 1 });
  headers = { Date: new Date(sent).toUTCString(), "Last-Modified": "no time" };
  assert.equal((await api.ask("/alert/x")).asOf, sent);
  headers = {};
  assert.ok(Math.abs((await api.ask("/alert/x")).asOf - api.now()) < 5_000);
});

test("questions are asked below the prefix that the page is below", () => {
  for (const [url, prefix] of [
    ["https://x/dashboard/lib/urls.js", ""],
    ["https://x/peba/dashboard/lib/urls.js", "/peba"],
    ["https://x/a/b/dashboard/lib/urls.js?v=1", "/a/b"],
    ["https://x/dashboard/dashboard/lib/urls.js", "/dashboard"],
    ["https://x/map/lib/urls.js", ""],
    ["https://x/peba/mydashboard/lib/urls.js", ""],
    ["https://x/lib/urls.js", ""],
    ["https://x//dashboard/lib/urls.js", ""],
    ["https://x//other.example/dashboard/lib/urls.js", "/other.example"],
    ["https://x///peba//a/dashboard/lib/urls.js", "/peba/a"],
  ]) assert.equal(prefixOf(url), prefix, url);
});
