import { nameOf } from "./names.js";
import { colorOf } from "./palette.js";
import { formatNumber } from "./text.js";
import { View, degreesBetween, place } from "./map-projection.js";
import { loadWorld } from "./map-world.js";
import { readTheme, seriesIndex } from "./map-theme.js";
import { Land } from "./map-land.js";
import { Marks } from "./map-marks.js";
import { Flights } from "./map-flights.js";
import { followKeys, followPointer } from "./map-pointer.js";
import { jitter } from "./map-jitter.js";

const inFlight = 150;
const mostPixels = 3840 * 2160; // of a layer, whatever the screen
const stillStep = 250; // milliseconds between two pictures without motion

// WorldMap shows alerts as they come: three canvases, one on the other, of which
// only the last is drawn again and again, and only while something moves.
export class WorldMap {
  // Without onCountry it is a picture: no country can be selected.
  constructor(container, { onCountry } = {}) {
    this.container = container;
    this.onCountry = onCountry;
    this.marks = new Marks();
    this.flights = new Flights(inFlight);
    this.stopping = new AbortController();
    this.seen = true;
    this.#build();
    this.#watch();
    loadWorld().then(
      (world) => this.#setWorld(world),
      () => this.#announce("The outlines of the map could not be loaded."),
    );
  }

  add(alert) {
    if (!this.view || !this.seen || document.hidden) return;
    const target = place(alert.destLat, alert.destLng);
    if (!target) return;
    const source = place(alert.sourceLat, alert.sourceLng);
    const color = seriesIndex(colorOf(alert.analyzerType));
    const x = this.view.x(target.lng, target.lat);
    const y = this.view.y(target.lat);
    if (!source || (source.lat === target.lat && source.lng === target.lng)) {
      this.flights.addPulse(x, y, color, performance.now());
    } else {
      this.#fly(jitter(source, alert.id), target, color);
    }
    this.#move();
  }

  // The short way round: one that leaves the map at an edge has a twin that
  // comes in at the other.
  #fly(source, target, color) {
    const { view } = this;
    const now = performance.now();
    const x0 = view.x(source.lng, source.lat);
    const y0 = view.y(source.lat);
    const x1 = view.x(target.lng, target.lat);
    const y1 = view.y(target.lat);
    const east = degreesBetween(source.lng, target.lng);
    if (Math.abs(east) <= 180) {
      this.flights.add(x0, y0, x1, y1, color, now);
      return;
    }
    const side = Math.sign(east);
    this.flights.add(x0, y0, x1 - side * view.around(target.lat), y1, color, now, { lands: false });
    this.flights.add(x0 + side * view.around(source.lat), y0, x1, y1, color, now, { leaves: false });
  }

  // setHeat takes the places of the glow, [{lat, lng, count}].
  setHeat(points) {
    this.marks.setHeat(points);
    this.#drawMarks();
  }

  // setCounts takes the alerts by country, [{code, country, count}], the most
  // first, and when they came, such as "in the last 24 hours".
  setCounts(ranking, when) {
    this.marks.setCounts(ranking);
    this.when = when;
    this.#drawMarks();
  }

  select(code) {
    this.marks.selected = code;
    this.#drawMarks();
  }

  clear() {
    this.flights.clear();
    this.#move();
  }

  destroy() {
    this.stopping.abort();
    this.sizes.disconnect();
    this.sight.disconnect();
    this.#rest();
    this.container.replaceChildren();
    for (const name of ["role", "tabindex", "aria-label"]) this.container.removeAttribute(name);
    this.container.classList.remove("world-map");
    this.view = null;
  }

  #build() {
    const { container } = this;
    container.classList.add("world-map");
    if (this.onCountry) {
      container.setAttribute("role", "application");
      container.setAttribute("tabindex", "0");
      container.setAttribute("aria-label", "World map of attacks. Arrow keys go through the countries, Enter selects one, Escape none.");
    } else {
      container.setAttribute("role", "img");
      container.setAttribute("aria-label", "World map of attacks");
    }
    this.layers = {};
    for (const name of ["base", "marks", "motion"]) {
      const canvas = document.createElement("canvas");
      canvas.setAttribute("aria-hidden", "true");
      this.layers[name] = canvas.getContext("2d");
    }
    this.label = document.createElement("div");
    this.label.className = "world-map-label";
    this.label.setAttribute("aria-hidden", "true");
    this.label.hidden = true;
    this.voice = document.createElement("div");
    this.voice.className = "world-map-voice vh";
    this.voice.setAttribute("aria-live", "polite");
    container.replaceChildren(...Object.values(this.layers).map((layer) => layer.canvas), this.label, this.voice);
  }

  #watch() {
    const { signal } = this.stopping;
    this.sizes = new ResizeObserver(() => this.#resize());
    this.sizes.observe(this.container);
    this.sight = new IntersectionObserver((entries) => {
      this.seen = entries.at(-1).isIntersecting;
      if (!this.seen) this.clear();
    });
    this.sight.observe(this.container);
    this.calm = matchMedia("(prefers-reduced-motion: reduce)");
    this.calm.addEventListener("change", () => this.clear(), { signal });
    document.addEventListener("themechange", () => this.#repaint(), { signal });
    document.addEventListener("visibilitychange", () => document.hidden && this.clear(), { signal });
    window.addEventListener("resize", () => this.#resize(), { signal }); // another screen, or zoom
    followPointer(this.container, {
      find: (x, y, reach) => this.land?.near(x, y, reach)?.country.code ?? "",
      onPoint: (code, x, y) => this.#point(code, x, y),
      onPick: this.onCountry && ((code) => this.#pick(code)),
      signal,
    });
    if (!this.onCountry) return;
    followKeys(this.container, {
      codes: () => Array.from(this.marks.counts.keys()),
      onMove: (code) => this.#moveTo(code),
      onPick: (code) => this.#pick(code),
      signal,
    });
  }

  #setWorld(world) {
    if (this.stopping.signal.aborted) return;
    this.land = new Land(world);
    if (this.view) this.#shape();
  }

  #resize() {
    const { clientWidth: width, clientHeight: height } = this.container;
    if (width < 1 || height < 1) {
      this.view = null;
      this.flights.clear();
      return;
    }
    const ratio = Math.min(devicePixelRatio, 2, Math.sqrt(mostPixels / (width * height)));
    if (this.view?.width === width && this.view.height === height && this.ratio === ratio) return;
    this.ratio = ratio;
    this.view = new View(width, height);
    // What is drawn in lines and dots grows slower than the map.
    this.unit = Math.min(3, Math.max(0.6, (width / 1200) ** 0.7));
    for (const { canvas } of Object.values(this.layers)) {
      canvas.width = Math.round(width * ratio);
      canvas.height = Math.round(height * ratio);
    }
    this.flights.clear();
    this.#shape();
  }

  #shape() {
    this.land?.shape(this.view);
    this.#repaint();
  }

  #repaint() {
    if (!this.view) return;
    this.theme = readTheme(this.container);
    this.marks.paint(this.theme);
    this.flights.paint(this.theme);
    const base = this.#blank("base");
    this.land?.paint(base, this.theme, this.unit);
    this.#drawMarks();
  }

  #drawMarks() {
    if (this.view && this.theme) this.marks.draw(this.#blank("marks"), this.land, this.view, this.theme, this.unit);
  }

  // blank gives an empty layer that takes the container's pixels.
  #blank(layer) {
    const context = this.layers[layer];
    context.setTransform(this.ratio, 0, 0, this.ratio, 0, 0);
    context.clearRect(0, 0, this.view.width, this.view.height);
    return context;
  }

  // move asks for the next picture, unless it has been asked for.
  #move() {
    if (this.frame || this.timer) return;
    if (this.calm.matches) this.timer = setTimeout(() => this.#draw(performance.now()), stillStep);
    else this.frame = requestAnimationFrame((now) => this.#draw(now));
  }

  #draw(now) {
    this.#rest();
    if (!this.view) return;
    const motion = this.#blank("motion");
    const more = this.calm.matches ? this.flights.drawStill(motion, now, this.unit) : this.flights.draw(motion, now, this.unit);
    if (more) this.#move();
  }

  #rest() {
    cancelAnimationFrame(this.frame);
    clearTimeout(this.timer);
    this.frame = this.timer = 0;
  }

  #point(code, x, y) {
    if (code !== this.marks.pointed) {
      this.marks.pointed = code;
      this.#drawMarks();
    }
    this.#showLabel(code, x, y);
  }

  // moveTo points at the middle of a country, if it is large enough to be drawn.
  #moveTo(code) {
    const country = this.land?.of(code)?.country;
    if (country) this.#point(code, this.view.x(country.lng, country.lat), this.view.y(country.lat));
    else this.#point("", 0, 0);
    this.#announce(code ? this.#describe(code) : "No country has alerts yet.");
  }

  #pick(code) {
    this.#announce(code ? `${this.#describe(code)}, selected` : "No country selected.");
    this.#point("", 0, 0);
    this.select(code);
    this.onCountry(code);
  }

  #describe(code) {
    const counted = this.marks.counts.get(code);
    const name = nameOf(code, counted?.country);
    return counted ? `${name}: ${formatNumber(counted.count)} alerts ${this.when}` : name;
  }

  #announce(text) {
    this.voice.textContent = text;
  }

  #showLabel(code, x, y) {
    this.label.hidden = code === "";
    if (code === "") return;
    this.label.textContent = this.#describe(code);
    const left = Math.min(Math.max(0, x + 14), this.view.width - this.label.offsetWidth);
    const top = y > 48 ? y - 40 : y + 18;
    this.label.style.setProperty("transform", `translate(${Math.round(left)}px, ${Math.round(top)}px)`);
  }
}
