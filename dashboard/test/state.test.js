import assert from "node:assert/strict";
import { test } from "node:test";
import { createState, format, parse } from "../public/lib/state.js";

// A window with a history, as far as the state needs one.
function fakeWindow(hash = "") {
  const listeners = {};
  const win = {
    location: { origin: "http://x", pathname: "/dashboard/", search: "", hash },
    steps: [],
    addEventListener: (type, fn) => { listeners[type] = fn; },
    go(to) {
      win.location.hash = to;
      listeners.popstate();
    },
  };
  const write = (how) => (_, __, url) => {
    win.steps.push(`${how} ${url}`);
    win.location.hash = url.includes("#") ? url.slice(url.indexOf("#")) : "";
  };
  win.history = { replaceState: write("replace"), pushState: write("push") };
  return win;
}

test("what is not allowed falls back to the default", () => {
  const values = parse("#view=nowhere&ci=2&days=7&country=<b>&at=99999&ip=::1&token=secret&day=2026&feed=../x&client=a;b");
  assert.equal(values.view, "live");
  assert.equal(values.ci, "1");
  assert.equal(values.days, "7");
  assert.equal(values.country, "");
  assert.equal(values.at, "0");
  assert.equal(values.ip, "::1");
  assert.equal(values.day, "");
  assert.equal(values.feed + values.client, "");
  assert.ok(!("token" in values));
});

test("a fragment holds what is not the default, and comes back the same", () => {
  assert.equal(format(parse("#main")), "");
  const values = parse("#view=replay&ci=-1&day=20261126&at=3600&ip=2001:db8::1&page=feeds&feed=ssh-only&client=misp");
  assert.deepEqual(parse(format(values)), values);
});

test("those hear of a change whom it concerns", () => {
  const state = createState(fakeWindow());
  const heard = [];
  const off = state.on(["ci", "days"], () => heard.push(`${state.get("ci")} ${state.get("days")}`));
  state.set({ ci: "0", days: "28" });
  state.set({ country: "DE" });
  state.set({ ci: "0" });
  off();
  state.set({ ci: "1" });
  assert.deepEqual(heard, ["0 28"]);
  assert.throws(() => state.set({ token: "x" }), /token/);
});

test("a view is a step of the history, which begins with what was seen", () => {
  const win = fakeWindow("#days=7");
  const state = createState(win);
  state.set({ country: "DE" });
  state.set({ view: "statistics" });
  assert.deepEqual(win.steps, [
    "replace /dashboard/#days=7&country=DE",
    "push /dashboard/#view=statistics&days=7&country=DE",
  ]);
  win.go("#days=7");
  assert.equal(state.get("view"), "live");
  assert.equal(state.get("country"), "");
  assert.equal(state.link(), "http://x/dashboard/#days=7");
});

test("an address comes in and goes out by a link, and stays in no history", () => {
  const win = fakeWindow("#view=private&page=address&ip=192.0.2.1");
  const state = createState(win);
  assert.equal(state.get("ip"), "192.0.2.1");
  assert.equal(state.link(), "http://x/dashboard/#view=private&page=address&ip=192.0.2.1");
  state.set({ ip: "192.0.2.2" });
  state.set({ view: "live" });
  state.set({ view: "private" });
  assert.equal(state.get("ip"), "192.0.2.2");
  win.go("#view=private&page=address");
  assert.equal(state.get("ip"), "192.0.2.2");
  win.go("#view=private&page=address&ip=192.0.2.3");
  assert.equal(state.get("ip"), "192.0.2.3");
  assert.equal(win.location.hash, "#view=private&page=address");
  assert.ok(win.steps.length > 4 && win.steps.every((step) => !step.includes("192.0.2")), String(win.steps));
});
