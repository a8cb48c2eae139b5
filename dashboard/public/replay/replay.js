// The tab `replay`, which replays a day.

import { asOfText, markAge } from "../lib/age.js";
import { el, formatAlerts, formatNumber } from "../lib/text.js";
import { createChunks } from "./chunks.js";
import { createControls } from "./controls.js";
import { createDay } from "./day.js";
import { createGlow } from "./glow.js";
import { createPlayer } from "./player.js";
import { addDays, clock, dayOf, hourText, isDay, secondOf, secondsADay, secondsAStep, stepText } from "./time.js";
import { createTimeline } from "./timeline.js";

const glowEvery = 1_000; // milliseconds between two drawings of the glow while it plays
const writeEvery = 1_000; // and between two writings of the moment into the URL

/**
 * mountReplay fills the tab when it is first looked at.
 * @param {HTMLElement} section
 * @param {{ api: Api, state: State, createWorldMap: CreateWorldMap }} page
 * @returns {Part}
 */
export function mountReplay(section, page) {
  /** @type {Part | undefined} */
  let replay;
  return {
    start() {
      replay ??= createReplay(section, page);
      replay.start();
    },
    stop: () => replay?.stop(),
  };
}

/**
 * @param {HTMLElement} section
 * @param {{ api: Api, state: State, createWorldMap: CreateWorldMap }} page
 * @returns {Part}
 */
function createReplay(section, { api, state, createWorldMap }) {
  const day = createDay({ api });
  const chunks = createChunks(loadChunk, chunksChanged);
  const glow = createGlow(loadPlaces, () => {
    drawGlow();
    show();
  });
  const player = createPlayer(chunks, { show: (alert) => map.add(alert), passed: glow.add });
  const controls = createControls({
    onDay: pickDay,
    onMoveDay: (n) => pickDay(addDays(day.name, n)),
    onToggle: toggle,
    onSpeed: (speed) => { player.speed = speed; },
    onRetry: retry,
  });
  const timeline = createTimeline(seek);
  const mapBox = el("div", { class: "replay-map" });
  const root = el("div", { class: "replay" }, controls.element, mapBox, timeline.element, controls.status);
  section.append(el("h2", { class: "vh" }, "Replay"), root);
  const map = createWorldMap(mapBox);

  let started = false;
  let playing = false;
  let frame = 0;
  let before = 0; // when the last picture was, by performance.now()
  let written = 0; // when the moment was put into the URL
  let glowAt = 0; // when the glow was drawn

  const today = () => dayOf(api.now());
  const isStale = () => day.name === today() && day.isOld();

  function askedDay() {
    const asked = state.get("day");
    return isDay(asked, api.now()) ? asked : today();
  }

  function follow() {
    if (!started) return;
    const asked = askedDay();
    const ci = state.get("ci");
    if (asked !== day.name || ci !== day.ci) loadDay(asked, ci);
    else if (isStale()) refreshDay();
  }

  /** @param {string} name @param {string} ci */
  async function loadDay(name, ci) {
    halt();
    day.choose(name, ci);
    chunks.reset();
    glow.reset();
    map.clear();
    drawGlow();
    markAge(root, day);
    timeline.setCounts([]);
    if (!(await refreshDay())) return;
    // The first answer has the time of the server, where it may be another day.
    if (askedDay() !== name) {
      follow();
      return;
    }
    moveTo(Number(state.get("at")) || day.firstAlert());
    player.prepare();
    show();
  }

  // refreshDay asks for the day's counts, and returns whether the day is still the one
  // that is shown.
  async function refreshDay() {
    const loading = day.load();
    show();
    if (!(await loading)) return false;
    timeline.setCounts(day.counts);
    markAge(root, day);
    updateEnd();
    show();
    return true;
  }

  // updateEnd sets the current end of the day. A chunk fetched before its five
  // minutes were over is fetched again.
  function updateEnd() {
    const end = day.end();
    player.end = end;
    chunks.forget((step, { until }) => until < Math.min(end, (step + 1) * secondsAStep));
  }

  /** @param {number} step @returns {Promise<Chunk>} */
  async function loadChunk(step) {
    const until = day.end();
    const answer = await api.get("/alert/replay", { from: stepText(day.name, step), ci: day.ci });
    const alerts = answer.alerts.map((alert) => ({ ...alert, second: secondOf(alert.dateCreated) }));
    return { alerts, weight: alerts.length > 0 ? answer.count / alerts.length : 1, until };
  }

  /** @param {number} hour */
  async function loadPlaces(hour) {
    const { places } = await api.get("/alert/replayPlaces", { to: hourText(day.name, hour), ci: day.ci });
    return places;
  }

  function drawGlow(now = performance.now()) {
    glowAt = now;
    map.setHeat(glow.places);
  }

  /** moveTo jumps to a moment of the day. @param {number} at */
  function moveTo(at) {
    player.seek(at);
    glow.seek(player.at);
    drawGlow();
  }

  function chunksChanged() {
    if (chunks.fault) pause();
    show();
  }

  /** @param {string} name */
  function pickDay(name) {
    halt();
    if (isDay(name, api.now())) state.set({ day: name === today() ? "" : name, at: 0 });
    show();
  }

  function toggle() {
    if (playing) pause();
    else play();
  }

  function play() {
    updateEnd();
    if (player.at >= player.end) moveTo(day.firstAlert());
    if (isStale()) refreshDay();
    playing = true;
    before = performance.now();
    frame = requestAnimationFrame(tick);
    show();
  }

  function pause() {
    if (!playing) return;
    halt();
    write();
    show();
  }

  // halt stops without writing the moment into the URL.
  function halt() {
    cancelAnimationFrame(frame);
    playing = false;
  }

  /** @param {number} now */
  function tick(now) {
    const status = player.advance(now - before);
    before = now;
    glow.follow(player.at);
    if (now - glowAt >= glowEvery || status === "ended") drawGlow(now);
    if (status === "ended") {
      pause();
      return;
    }
    frame = requestAnimationFrame(tick);
    if (now - written >= writeEvery) write(now);
    show();
  }

  /** @param {number} at */
  function seek(at) {
    updateEnd();
    moveTo(at);
    map.clear();
    if (!playing) {
      player.prepare();
      write();
    }
    show();
  }

  function write(now = performance.now()) {
    written = now;
    state.set({ at: Math.min(Math.floor(player.at), secondsADay - 1) });
  }

  // A link or the browser's history may set a different moment.
  function followMoment() {
    const at = Number(state.get("at"));
    if (started && Math.abs(at - player.at) > 1 && !playing) {
      moveTo(at);
      show();
    }
  }

  function retry() {
    if (day.fault) refreshDay();
    if (glow.fault) glow.retry();
    if (chunks.fault) {
      chunks.retry();
      play();
    }
  }

  /** @param {KeyboardEvent} event */
  function key(event) {
    const busy = "button, a, select, textarea, input:not([type=range]), [role=tab]";
    if (event.key !== " " || !started || (event.target instanceof Element && event.target.closest(busy))) return;
    event.preventDefault();
    toggle();
  }

  function show() {
    const { counts, found, kept } = day;
    const total = counts.reduce((sum, n) => sum + n, 0);
    const known = counts.length > 0 && !kept.gone;
    timeline.show(player.at, player.end);
    controls.show({
      day: day.name,
      today: today(),
      clock: clock(player.at),
      playing,
      ended: player.end > 0 && player.at >= player.end,
      waiting: playing && !chunks.get(player.step),
      fault: day.fault ?? chunks.fault ?? glow.fault,
      kept,
      step: known ? `${formatAlerts(counts[Math.min(counts.length - 1, player.step)])} in 5 minutes` : "",
      total: known && found ? `${formatNumber(total)} on this day · ${asOfText(found.asOf, api.now())}` : "",
      empty: known && total === 0,
    });
  }

  state.on(["day", "ci"], follow);
  state.on("at", followMoment);
  // Answers for a logged-in user must not be shown to the next person.
  api.onSession(() => {
    if (day.ci === "1") return;
    halt();
    day.name = "";
    follow();
  });
  document.addEventListener("visibilitychange", () => { if (document.hidden) pause(); });
  document.addEventListener("keydown", key);

  return {
    start() {
      started = true;
      follow();
      followMoment();
    },
    stop() {
      started = false;
      pause();
    },
  };
}
