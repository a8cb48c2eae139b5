// The page moves no more than it is asked to, and does not grow.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { launch, newPage, numberIn, until } from "../lib/browser.mjs";
import { startServer } from "../lib/server.mjs";
import { open, settled } from "../lib/views.mjs";

let server;
let browser;
let sensors;

before(async () => {
  server = await startServer();
  browser = await launch();
  sensors = server.simulate({ rate: 60, seed: 10 });
});
after(async () => {
  await browser?.close();
  await server?.close();
});

const live = (page) => page.locator("#stream-state[data-status=live]").waitFor();

// frames counts what is drawn until 40 alerts more have come.
async function frames(page) {
  const last = page.locator("#counters dd").last();
  const before = await numberIn(last);
  await page.evaluate(() => { window.frames = 0; });
  await until("alerts come", async () => await numberIn(last) > before + 40);
  return page.evaluate(() => window.frames);
}

// countFrames counts the page's own calls of requestAnimationFrame that are answered.
const countFrames = (page) => page.addInitScript(() => {
  window.frames = 0;
  const request = window.requestAnimationFrame.bind(window);
  window.requestAnimationFrame = (fn) => request((now) => {
    window.frames++;
    fn(now);
  });
});

test("with motion reduced nothing flies", async () => {
  const { page, clean, close } = await newPage(browser, server, { reducedMotion: "reduce" });
  await countFrames(page);
  await page.goto(server.page());
  await live(page);
  await settled(page, "live");
  const still = await frames(page);
  await page.emulateMedia({ reducedMotion: "no-preference" });
  const moving = await frames(page);
  assert.ok(still * 3 < moving, `${still} pictures with motion reduced, ${moving} without`);
  clean();
  await close();
});

test("a tab that is hidden draws nothing, asks nothing, and gives its stream back", async () => {
  const { page, clean, close } = await newPage(browser, server);
  await page.clock.install();
  await countFrames(page);
  await page.addInitScript(() => {
    window.streams = [];
    const Source = window.EventSource;
    window.EventSource = class extends Source {
      constructor(...args) {
        super(...args);
        window.streams.push(this);
      }
    };
  });
  await page.goto(server.page());
  await live(page);
  await settled(page, "live");
  const drawn = () => page.evaluate(() => window.frames > 0);
  await until("alerts fly", drawn);

  const hide = (hidden) => page.evaluate((value) => {
    Object.defineProperty(document, "hidden", { configurable: true, get: () => value });
    Object.defineProperty(document, "visibilityState", { configurable: true, get: () => (value ? "hidden" : "visible") });
    document.dispatchEvent(new Event("visibilitychange"));
  }, hidden);
  const open = () => page.evaluate(() => window.streams.filter((s) => s.readyState !== EventSource.CLOSED).length);

  // From here on time is the test's own, however slow the machine is.
  await page.clock.pauseAt(await page.evaluate(() => Date.now()) + 30_000);
  await hide(true);
  await page.clock.runFor(2_000);
  const asked = [];
  page.on("request", (request) => asked.push(request.url()));
  await page.evaluate(() => { window.frames = 0; });
  await page.clock.runFor(50_000);
  assert.equal(await open(), 1, "the stream is given back too early");
  await page.clock.runFor(60_000);
  assert.equal(await open(), 0, "the stream is kept");
  assert.equal(await page.evaluate(() => window.frames), 0, "pictures are drawn that nobody sees");
  assert.deepEqual(asked, [], "answers are asked for that nobody sees");

  await page.clock.resume();
  await hide(false);
  await live(page);
  assert.equal(await open(), 1);
  await until("alerts fly again", drawn);
  clean();
  await close();
});

// How many alerts come before and after the heap is measured first: more than the
// page knows ids of, and then so many that some bytes of each would be seen.
const warmUp = 4_500;
const soak = 6_000;
const maxGrowth = 500_000;

// flood has the page's stream say one of its alerts again and again under new ids,
// as many a second as the page lets wait.
const flood = (page) => page.evaluate(() => {
  const { stream, lastAlert } = window;
  let made = 0;
  setInterval(() => {
    for (let i = 0; i < 200; i++) stream.dispatchEvent(new MessageEvent("alert", { data: JSON.stringify({ ...lastAlert, id: `made-${++made}` }) }));
  }, 1000);
});

test("the heap does not grow with the alerts", async (t) => {
  const { page, clean, close } = await newPage(browser, server);
  await page.addInitScript(() => {
    window.alerts = 0;
    const Source = window.EventSource;
    window.EventSource = class extends Source {
      constructor(...args) {
        super(...args);
        window.stream = this;
        this.addEventListener("alert", (event) => {
          window.alerts++;
          window.lastAlert = JSON.parse(event.data);
        });
      }
    };
  });
  await page.goto(server.page());
  await live(page);
  await open(page, "statistics");
  await open(page, "live");
  const client = await page.context().newCDPSession(page);
  const measure = async () => {
    await client.send("HeapProfiler.collectGarbage");
    const { usedSize } = await client.send("Runtime.getHeapUsage");
    const { nodes, jsEventListeners } = await client.send("Memory.getDOMCounters");
    return { usedSize, nodes, jsEventListeners };
  };
  const alerts = (n) => page.waitForFunction((wanted) => window.alerts >= wanted, n, { timeout: 120_000 });

  await alerts(1);
  await flood(page);
  await alerts(warmUp);
  const before = await measure();
  await alerts(warmUp + soak);
  const after = await measure();
  t.diagnostic(`after ${warmUp} alerts ${JSON.stringify(before)}, after ${warmUp + soak} ${JSON.stringify(after)}`);
  assert.ok(after.usedSize - before.usedSize < maxGrowth, "the heap grows");
  assert.ok(after.nodes < before.nodes * 1.5 + 200, "the document grows");
  assert.ok(after.jsEventListeners < before.jsEventListeners * 1.2 + 50, "listeners are left behind");
  await sensors.stop();
  clean();
  await close();
});
