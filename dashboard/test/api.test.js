import assert from "node:assert/strict";
import { test } from "node:test";

globalThis.window = {
  isSecureContext: true,
  location: { origin: "http://x", pathname: "/", search: "", hash: "" },
  addEventListener() {},
};
const { api } = await import("../public/api.js");

test("the time is the latest that the server has told", async (t) => {
  let clock = 1000;
  t.mock.method(performance, "now", () => clock);
  const told = Date.parse("2001-02-03T04:05:06Z");
  const answer = (time, status) => t.mock.method(globalThis, "fetch", async () =>
    new Response("{}", { status, headers: { Date: new Date(time).toUTCString() } }));
  assert.ok(Math.abs(api.now() - Date.now()) < 60_000);
  answer(told, 200);
  await api.get("/alert/x");
  assert.equal(api.now(), told);
  clock += 5000;
  assert.equal(api.now(), told + 5000);
  answer(told - 3_600_000, 200); // from the browser's cache
  await api.get("/alert/x");
  assert.equal(api.now(), told + 5000);
  answer(told + 8000, 503);
  await assert.rejects(api.get("/alert/x"));
  assert.equal(api.now(), told + 8000);
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

test("a name that Basic cannot tell is told before anything is sent", async (t) => {
  const sent = t.mock.method(globalThis, "fetch", async () => new Response("{}"));
  await assert.rejects(api.logIn("a:b", "c"), /colon/);
  assert.equal(sent.mock.callCount(), 0);
  assert.equal(api.session, null);
  await api.logIn("a", "b:c");
  assert.deepEqual(api.session, { user: "a" });
  api.logOut();
});
