import { el, formatNumber } from "./text.js";
import { Chunks } from "./replay-chunks.js";
import { Player } from "./replay-player.js";
import { createControls } from "./replay-controls.js";
import { createTimeline } from "./replay-timeline.js";
import { addDays, clock, dayOf, endOf, isDay, secondOf, secondsADay, secondsAStep, startOf, stepText } from "./replay-time.js";

// mountReplay fills the tab where a day is watched again. It returns start and stop,
// for when the tab is shown and left.
export function mountReplay(section, { api, state, WorldMap }) {
  return new Replay(section, api, state, WorldMap);
}

class Replay {
  constructor(section, api, state, WorldMap) {
    Object.assign(this, { section, api, state, WorldMap });
    this.counts = [];
    this.playing = false;
    this.started = false;
    this.chunks = new Chunks((step) => this.#loadChunk(step), () => this.#chunksChanged());
    this.player = new Player(this.chunks, (alert) => this.map.add(alert));
    state.on(["day", "ci"], () => this.#follow());
    state.on("at", () => this.#followMoment());
    document.addEventListener("visibilitychange", () => document.hidden && this.#pause());
    document.addEventListener("keydown", (event) => this.#key(event));
  }

  start() {
    this.started = true;
    this.#follow();
    this.#followMoment();
  }

  stop() {
    this.started = false;
    this.#pause();
  }

  // The tab is built when it is first looked at.
  #build() {
    const mapBox = el("div", { class: "replay-map" });
    this.controls = createControls({
      onDay: (day) => this.#pickDay(day),
      onMoveDay: (n) => this.#pickDay(addDays(this.day, n)),
      onToggle: () => this.#toggle(),
      onSpeed: (speed) => (this.player.speed = speed),
      onRetry: () => this.#retry(),
    });
    this.timeline = createTimeline((at) => this.#seek(at));
    this.section.append(
      el("h2", { class: "vh" }, "Replay"),
      el("div", { class: "replay" }, this.controls.element, mapBox, this.timeline.element, this.controls.status),
    );
    this.map = new this.WorldMap(mapBox);
  }

  #follow() {
    if (!this.started) return;
    if (!this.map) this.#build();
    const day = this.#askedDay;
    const ci = this.state.get("ci");
    if (day !== this.day || ci !== this.ci) this.#loadDay(day, ci);
    else if (this.#stale) this.#refreshDay();
  }

  get #today() {
    return dayOf(this.api.now());
  }

  get #askedDay() {
    const asked = this.state.get("day");
    return isDay(asked, this.api.now()) ? asked : this.#today;
  }

  // Today's counts grow.
  get #stale() {
    return this.day === this.#today && performance.now() - this.loaded > 60_000;
  }

  async #loadDay(day, ci) {
    this.#stop();
    Object.assign(this, { day, ci, counts: [] });
    this.chunks.reset();
    this.map.clear();
    this.map.setHeat([]);
    this.timeline.setCounts([]);
    if (!(await this.#refreshDay())) return;
    // The first answer tells what day it is, and that may be another than here.
    if (this.#askedDay !== day) {
      this.#follow();
      return;
    }
    this.player.seek(Number(this.state.get("at")) || this.#firstAlert());
    this.player.prepare();
    this.#show();
  }

  // refreshDay asks for the day's counts and heat, and tells whether the day is
  // still the one that is shown.
  async #refreshDay() {
    const { day, ci } = this;
    const current = () => day === this.day && ci === this.ci;
    Object.assign(this, { loaded: performance.now(), dayFault: null });
    this.#show();
    try {
      const steps = await this.api.get("/alert/replayDay", { day, ci });
      // It goes by the server's day, which is known by now.
      const offset = Math.round((startOf(this.#today) - startOf(day)) / (secondsADay * 1000));
      const places = await this.api.get("/alert/retrieveLatLonAttacks", { direction: "src", topx: 100, offset, ci });
      if (!current()) return false;
      this.counts = steps.alerts;
      this.timeline.setCounts(this.counts);
      this.map.setHeat(places[0]?.latLonAttacks);
    } catch (error) {
      if (!current()) return false;
      this.dayFault = error;
    }
    this.#updateEnd();
    this.#show();
    return true;
  }

  // A day begins with its first alerts.
  #firstAlert() {
    return Math.max(0, this.counts.findIndex((n) => n > 0)) * secondsAStep;
  }

  // updateEnd sets how far the day goes now. A piece that was fetched before its
  // five minutes were over is fetched again.
  #updateEnd() {
    const end = endOf(this.day, this.api.now());
    this.player.end = end;
    this.chunks.forget((step, { until }) => until < Math.min(end, (step + 1) * secondsAStep));
  }

  async #loadChunk(step) {
    const until = endOf(this.day, this.api.now());
    const answer = await this.api.get("/alert/replay", { from: stepText(this.day, step), ci: this.ci });
    const alerts = answer.alerts.map((alert) => ({ ...alert, second: secondOf(alert.dateCreated) }));
    return { alerts, until };
  }

  #chunksChanged() {
    if (this.chunks.fault) this.#pause();
    this.#show();
  }

  #pickDay(day) {
    this.#stop();
    if (isDay(day, this.api.now())) this.state.set({ day: day === this.#today ? "" : day, at: 0 });
    this.#show();
  }

  #toggle() {
    if (this.playing) this.#pause();
    else this.#play();
  }

  #play() {
    this.#updateEnd();
    if (this.player.at >= this.player.end) this.player.seek(this.#firstAlert());
    if (this.#stale) this.#refreshDay();
    this.playing = true;
    this.before = performance.now();
    this.frame = requestAnimationFrame((now) => this.#tick(now));
    this.#show();
  }

  #pause() {
    if (!this.playing) return;
    this.#stop();
    this.#write();
    this.#show();
  }

  #stop() {
    cancelAnimationFrame(this.frame);
    this.playing = false;
  }

  #tick(now) {
    const status = this.player.advance(now - this.before);
    this.before = now;
    if (status === "ended") {
      this.#pause();
      return;
    }
    this.frame = requestAnimationFrame((next) => this.#tick(next));
    if (now - (this.written ?? 0) >= 1000) this.#write(now);
    this.#show();
  }

  #seek(at) {
    this.#updateEnd();
    this.player.seek(at);
    this.map.clear();
    if (!this.playing) {
      this.player.prepare();
      this.#write();
    }
    this.#show();
  }

  #write(now = performance.now()) {
    this.written = now;
    this.state.set({ at: Math.min(Math.floor(this.player.at), secondsADay - 1) });
  }

  // A link or the way back may set another moment than the one that was written.
  #followMoment() {
    const at = Number(this.state.get("at"));
    if (this.started && this.map && Math.abs(at - this.player.at) > 1 && !this.playing) {
      this.player.seek(at);
      this.#show();
    }
  }

  #retry() {
    if (this.dayFault) this.#refreshDay();
    if (this.chunks.fault) {
      this.chunks.retry();
      this.#play();
    }
  }

  #key(event) {
    const busy = "button, a, select, textarea, input:not([type=range]), [role=tab]";
    if (event.key !== " " || !this.started || event.target.closest?.(busy)) return;
    event.preventDefault();
    this.#toggle();
  }

  #show() {
    if (!this.map) return;
    const { player, counts } = this;
    const total = counts.reduce((sum, n) => sum + n, 0);
    this.timeline.show(player.at, player.end);
    this.controls.show({
      day: this.day,
      today: this.#today,
      clock: clock(player.at),
      playing: this.playing,
      ended: player.end > 0 && player.at >= player.end,
      waiting: this.playing && !this.chunks.get(player.step),
      fault: this.dayFault ?? this.chunks.fault,
      step: `${formatNumber(counts[Math.min(counts.length - 1, player.step)] ?? 0)} alerts in 5 minutes`,
      total: counts.length > 0 ? `${formatNumber(total)} on this day` : "",
      empty: counts.length > 0 && total === 0,
    });
  }
}
