// The map and the replay, as they are seen and used.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { launch, newPage, until } from "../lib/browser.mjs";
import { startServer } from "../lib/server.mjs";
import { open, settled } from "../lib/views.mjs";

let server;
let browser;
let day; // that most alerts are of: midnight may come at any time

const today = () => new Date().toISOString().slice(0, 10).replaceAll("-", "");

// busiest finds the day of some that has the most alerts.
async function busiest(days) {
  const totals = await Promise.all(days.map(async (name) => {
    const { alerts } = await (await fetch(`${server.url}/alert/replayDay?day=${name}&ci=1`)).json();
    return alerts.reduce((sum, n) => sum + n, 0);
  }));
  assert.ok(Math.max(...totals) > 0, "no alerts are told");
  return days[totals.indexOf(Math.max(...totals))];
}

before(async () => {
  server = await startServer();
  browser = await launch();
  const days = [today()];
  await server.play({ alerts: 600, seed: 6 });
  days.push(today());
  day = await busiest(days);
});
after(async () => {
  await browser?.close();
  await server?.close();
});

// layer reads a map's layer: what is painted is how many of its pixels are not
// empty, tone is the colour that most of them have. 0 is the land, 1 what is
// marked on it, 2 what moves.
const layer = (page, map, number) => page.locator(`${map} canvas`).nth(number).evaluate((canvas) => {
  if (canvas.width === 0) return { painted: 0, tone: "" };
  const copy = new OffscreenCanvas(canvas.width, canvas.height).getContext("2d", { willReadFrequently: true });
  copy.drawImage(canvas, 0, 0);
  const pixels = new Uint32Array(copy.getImageData(0, 0, canvas.width, canvas.height).data.buffer);
  const tones = new Map();
  for (const pixel of pixels) if (pixel !== 0) tones.set(pixel, (tones.get(pixel) ?? 0) + 1);
  let painted = 0;
  for (const count of tones.values()) painted += count;
  const [tone] = [...tones].sort((a, b) => b[1] - a[1])[0] ?? [""];
  return { painted, tone };
});

const painted = async (page, map, number) => (await layer(page, map, number)).painted;

test("alerts fly over the land, and then it is quiet", async () => {
  const { page, clean, close } = await newPage(browser, server);
  await page.goto(server.page());
  await until("the land is drawn", async () => await painted(page, "#map", 0) > 100_000);
  await until("the heat is drawn", async () => await painted(page, "#map", 1) > 10_000);
  const simulation = server.simulate({ rate: 20, seed: 7, batch: 2 });
  await until("something moves", async () => await painted(page, "#map", 2) > 1_000);
  await simulation.stop();
  await until("nothing moves any more", async () => await painted(page, "#map", 2) === 0);
  clean();
  await close();
});

test("countries are chosen by keyboard, and the land is painted for each theme", async () => {
  const { page, clean, close } = await newPage(browser, server);
  await page.goto(server.page());
  await settled(page, "live");
  const voice = page.locator("#map [aria-live]");
  await page.locator("#map").focus();
  await page.keyboard.press("ArrowRight");
  const first = await voice.textContent();
  assert.match(first, /^.+: [\d,]+ alerts in the last 24 hours, as of \d\d:\d\d UTC$/);
  await page.keyboard.press("ArrowRight");
  assert.notEqual(await voice.textContent(), first);
  await page.keyboard.press("Home");
  assert.equal(await voice.textContent(), first);
  await page.keyboard.press("Enter");
  const name = first.slice(0, first.indexOf(":"));
  await page.locator("#country-title", { hasText: name }).waitFor();
  await page.waitForURL(/country=[A-Z]{2}/);

  const dark = await layer(page, "#map", 0);
  await page.locator("#theme").selectOption("light");
  const light = await layer(page, "#map", 0);
  assert.notEqual(light.tone, dark.tone);
  clean();
  await close();
});

test("without motion alerts are shown at once, and fade", async () => {
  const { page, clean, close } = await newPage(browser, server, { reducedMotion: "reduce" });
  await page.goto(server.page());
  await page.locator("#stream-state[data-status=live]").waitFor();
  const simulation = server.simulate({ rate: 20, seed: 8, batch: 2 });
  await until("alerts are shown", async () => await painted(page, "#map", 2) > 1_000);
  await simulation.stop();
  await until("they have faded", async () => await painted(page, "#map", 2) === 0);
  clean();
  await close();
});

const clock = async (page) => await page.locator(".replay-clock").textContent();

test("the day is replayed, stopped, and watched from elsewhere", async () => {
  const { page, clean, close } = await newPage(browser, server);
  await page.goto(server.page(`#day=${day}`));
  await open(page, "replay");
  await until("the day's alerts are told", async () => /[1-9]/.test(await page.locator(".replay-step").textContent()));
  const begin = await clock(page);
  assert.match(begin, /^\d\d:[0-5][05]:00$/);
  await page.getByRole("button", { name: "300×" }).click();
  await page.getByRole("button", { name: "Play" }).click();
  await until("alerts fly", async () => await painted(page, ".replay-map", 2) > 1_000);
  await page.locator(".replay-status", { hasText: /End of the alerts so far|End of the day/ }).waitFor();
  assert.ok(await clock(page) > begin);

  const slider = page.getByRole("slider");
  await slider.focus();
  await page.keyboard.press("Home");
  assert.equal(await clock(page), "00:00:00");
  assert.match(await slider.getAttribute("aria-valuetext"), /^00:00:00 UTC, [\d,]+ alerts in 5 minutes$/);
  await page.keyboard.press("Space");
  await until("it plays", async () => await clock(page) > "00:00:00");
  await page.locator("#tab-live").click();
  await open(page, "replay");
  await page.getByRole("button", { name: "Play" }).waitFor();
  await page.waitForURL(/at=\d+/);
  const stopped = await clock(page);
  await page.reload();
  await until("the moment is that of the link", async () => await clock(page) === stopped);
  clean();
  await close();
});

test("what cannot be loaded is told, and tried again", async () => {
  const { page, clean, allowed, close } = await newPage(browser, server);
  await page.route("**/alert/replay?*", (route) => route.fulfill({ status: 503, json: { error: "<b>busy</b>" } }));
  await page.goto(server.page(`#view=replay&day=${day}`));
  await page.locator(".replay-status", { hasText: "<b>busy</b>" }).waitFor();
  await page.unroute("**/alert/replay?*");
  await page.getByRole("button", { name: "Try again" }).click();
  await page.getByRole("button", { name: "Pause" }).waitFor();
  await until("alerts fly", async () => await painted(page, ".replay-map", 2) > 1_000);
  allowed(/503/);
  clean();
  await close();
});
