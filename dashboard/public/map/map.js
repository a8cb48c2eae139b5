import { nameOf } from "../lib/names.js";
import { colorOf } from "../lib/palette.js";
import { formatAlerts } from "../lib/text.js";
import { createFlights } from "./flights.js";
import { jitter } from "./jitter.js";
import { createLand } from "./land.js";
import { createMarks } from "./marks.js";
import { followKeys, followPointer } from "./pointer.js";
import { createProjection, degreesBetween, place } from "./projection.js";
import { newContext, readTheme, seriesIndex } from "./theme.js";
import { loadWorld } from "./world.js";

const maxFlights = 150;
const maxPixels = 3840 * 2160; // of a layer, whatever the screen
const stillStep = 250; // milliseconds between two pictures without motion

/**
 * build fills the container with three canvases, one on the other, a label for what is
 * pointed at, and a live region.
 * @param {HTMLElement} container
 * @param {boolean} selectable
 */
function build(container, selectable) {
  container.classList.add("world-map");
  if (selectable) {
    container.setAttribute("role", "application");
    container.setAttribute("tabindex", "0");
    container.setAttribute("aria-label", "World map of attacks. Arrow keys go through the countries, Enter selects one, Escape none.");
  } else {
    container.setAttribute("role", "img");
    container.setAttribute("aria-label", "World map of attacks");
  }
  const layers = { base: newContext(), marks: newContext(), motion: newContext() };
  const canvases = Object.values(layers).map(({ canvas }) => canvas);
  for (const canvas of canvases) canvas.setAttribute("aria-hidden", "true");
  const label = document.createElement("div");
  label.className = "world-map-label";
  label.setAttribute("aria-hidden", "true");
  label.hidden = true;
  const voice = document.createElement("div");
  voice.className = "world-map-voice vh";
  voice.setAttribute("aria-live", "polite");
  container.replaceChildren(...canvases, label, voice);
  return { layers, label, voice };
}

/**
 * createWorldMap shows alerts as they come. Of its layers only the last is drawn again and
 * again, and only while something moves. Without onCountry it is a picture: no country
 * can be selected.
 * @param {HTMLElement} container
 * @param {{ onCountry?: (code: string) => void }} [options]
 * @returns {WorldMap}
 */
export function createWorldMap(container, { onCountry } = {}) {
  const { layers, label, voice } = build(container, Boolean(onCountry));
  const marks = createMarks();
  const flights = createFlights(maxFlights);
  const calm = matchMedia("(prefers-reduced-motion: reduce)");
  /** @type {Land | undefined} */
  let land; // until world.json is there
  /** @type {Projection | undefined} */
  let projection; // while the container has a size
  /** @type {Theme | undefined} */
  let theme;
  let ratio = 1; // pixels of a layer for one of the container
  let unit = 1;
  let seen = true;
  let when = ""; // the counts are of
  let frame = 0;
  let timer = 0;

  /**
   * fly takes the short way round: an arc that leaves the map at an edge has a twin that
   * comes in at the other.
   * @param {Projection} on @param {Place} source @param {Place} target @param {number} color
   */
  function fly(on, source, target, color) {
    const now = performance.now();
    const x0 = on.x(source.lng, source.lat);
    const y0 = on.y(source.lat);
    const x1 = on.x(target.lng, target.lat);
    const y1 = on.y(target.lat);
    const east = degreesBetween(source.lng, target.lng);
    if (Math.abs(east) <= 180) {
      flights.add(x0, y0, x1, y1, color, now);
      return;
    }
    const side = Math.sign(east);
    flights.add(x0, y0, x1 - side * on.around(target.lat), y1, color, now, { lands: false });
    flights.add(x0 + side * on.around(source.lat), y0, x1, y1, color, now, { leaves: false });
  }

  function clear() {
    flights.clear();
    move();
  }

  function resize() {
    const { clientWidth: width, clientHeight: height } = container;
    if (width < 1 || height < 1) {
      projection = undefined;
      flights.clear();
      return;
    }
    const next = Math.min(devicePixelRatio, 2, Math.sqrt(maxPixels / (width * height)));
    if (projection?.width === width && projection.height === height && ratio === next) return;
    ratio = next;
    projection = createProjection(width, height);
    // What is drawn in lines and dots grows slower than the map.
    unit = Math.min(3, Math.max(0.6, (width / 1200) ** 0.7));
    for (const { canvas } of Object.values(layers)) {
      canvas.width = Math.round(width * ratio);
      canvas.height = Math.round(height * ratio);
    }
    flights.clear();
    shape();
  }

  function shape() {
    if (projection) land?.shape(projection);
    repaint();
  }

  function repaint() {
    if (!projection) return;
    theme = readTheme(container);
    marks.paint(theme);
    flights.paint(theme);
    land?.paint(blank(layers.base, projection), theme, unit);
    drawMarks();
  }

  function drawMarks() {
    if (projection && theme) marks.draw(blank(layers.marks, projection), land, projection, theme, unit);
  }

  /**
   * blank empties a layer, which takes the container's pixels.
   * @param {CanvasRenderingContext2D} layer @param {Projection} size
   */
  function blank(layer, { width, height }) {
    layer.setTransform(ratio, 0, 0, ratio, 0, 0);
    layer.clearRect(0, 0, width, height);
    return layer;
  }

  // move asks for the next picture, unless it has been asked for.
  function move() {
    if (frame || timer) return;
    if (calm.matches) timer = setTimeout(() => draw(performance.now()), stillStep);
    else frame = requestAnimationFrame(draw);
  }

  /** @param {number} now */
  function draw(now) {
    frame = timer = 0;
    if (!projection) return;
    const motion = blank(layers.motion, projection);
    const more = calm.matches ? flights.drawStill(motion, now, unit) : flights.draw(motion, now, unit);
    if (more) move();
  }

  /** @param {string} code @param {number} x @param {number} y */
  function point(code, x, y) {
    if (code !== marks.pointed) {
      marks.pointed = code;
      drawMarks();
    }
    showLabel(code, x, y);
  }

  /** moveTo points at the middle of a country, if it is large enough to be drawn. @param {string} code */
  function moveTo(code) {
    const country = land?.of(code)?.country;
    if (country && projection) point(code, projection.x(country.lng, country.lat), projection.y(country.lat));
    else point("", 0, 0);
    announce(code ? describe(code) : "No country has alerts yet.");
  }

  /** @param {string} code */
  function pick(code) {
    announce(code ? `${describe(code)}, selected` : "No country selected.");
    point("", 0, 0);
    select(code);
    onCountry?.(code);
  }

  /** @param {string} code */
  function select(code) {
    marks.selected = code;
    drawMarks();
  }

  /** @param {string} code */
  function describe(code) {
    const counted = marks.counts.get(code);
    const name = nameOf(code, counted?.country);
    return counted ? `${name}: ${formatAlerts(counted.count)} ${when}` : name;
  }

  /** @param {string} text */
  function announce(text) {
    voice.textContent = text;
  }

  /** @param {string} code @param {number} x @param {number} y */
  function showLabel(code, x, y) {
    label.hidden = code === "";
    if (code === "") return;
    label.textContent = describe(code);
    const left = Math.min(Math.max(0, x + 14), container.clientWidth - label.offsetWidth);
    const top = y > 48 ? y - 40 : y + 18;
    label.style.setProperty("transform", `translate(${Math.round(left)}px, ${Math.round(top)}px)`);
  }

  function watch() {
    new ResizeObserver(resize).observe(container);
    new IntersectionObserver((entries) => {
      seen = entries.at(-1)?.isIntersecting ?? seen;
      if (!seen) clear();
    }).observe(container);
    calm.addEventListener("change", clear);
    document.addEventListener("themechange", repaint);
    document.addEventListener("visibilitychange", () => { if (document.hidden) clear(); });
    window.addEventListener("resize", resize); // another screen, or zoom
    followPointer(container, {
      find: (x, y, reach) => land?.near(x, y, reach)?.country.code ?? "",
      onPoint: point,
      onPick: onCountry && pick,
    });
    if (onCountry) followKeys(container, { codes: () => Array.from(marks.counts.keys()), onMove: moveTo, onPick: pick });
  }

  watch();
  loadWorld().then(
    (world) => {
      land = createLand(world);
      shape();
    },
    () => announce("The outlines of the map could not be loaded."),
  );

  return {
    add(alert) {
      if (!projection || !seen || document.hidden) return;
      const target = place(alert.destLat, alert.destLng);
      if (!target) return;
      const source = place(alert.sourceLat, alert.sourceLng);
      const color = seriesIndex(colorOf(alert.analyzerType));
      if (!source || (source.lat === target.lat && source.lng === target.lng)) {
        flights.addPulse(projection.x(target.lng, target.lat), projection.y(target.lat), color, performance.now());
      } else {
        fly(projection, jitter(source, alert.id), target, color);
      }
      move();
    },
    setHeat(points) {
      marks.setHeat(points);
      drawMarks();
    },
    setCounts(ranking, of) {
      marks.setCounts(ranking);
      when = of;
      drawMarks();
    },
    select,
    clear,
  };
}
