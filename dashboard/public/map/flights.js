import { css, glowSprite, ringSprite } from "./theme.js";

// Flights are the arcs and pulses in motion: a fixed number of places that are
// used again and again, the oldest first.

const steps = 40; // points of a curve
const tail = 0.34; // of a curve
const slices = [0.9, 0.5, 0.25, 0.1]; // how bright the tail is, from its head
const traces = [0.17, 0.11, 0.06, 0.03]; // and the curve behind, in flight and after
const ripple = 1100; // milliseconds after the landing
const still = 1800; // how long one is seen that does not fly

/**
 * createFlights returns at most `limit` flights.
 * @param {number} limit
 */
export function createFlights(limit) {
  const places = Array.from({ length: limit }, createFlight);
  let next = 0;
  /** @type {string[]} */
  let colors = [];
  /** @type {HTMLCanvasElement[]} */
  let glows = [];
  /** @type {HTMLCanvasElement[]} */
  let rings = [];
  /** @type {GlobalCompositeOperation} */
  let blend = "source-over";

  /**
   * add starts one from x0, y0 to x1, y1. leaves and lands say whether these are
   * its true ends, or those of its twin at the other edge of the world.
   * @param {number} x0 @param {number} y0 @param {number} x1 @param {number} y1
   * @param {number} color from 0
   * @param {number} now
   */
  function add(x0, y0, x1, y1, color, now, { leaves = true, lands = true } = {}) {
    const flight = places[next];
    Object.assign(flight, { color, leaves, lands });
    start(flight, x0, y0, x1, y1, now);
    next = (next + 1) % places.length;
  }

  /**
   * lines draws all flights of a colour. One path holds the same stretch of all of them.
   * @param {CanvasRenderingContext2D} context @param {number} color @param {number} unit
   */
  function lines(context, color, unit) {
    context.lineWidth = unit * 0.8;
    for (let fade = 0; fade < traces.length; fade++) {
      stroke(context, color, traces[fade], (flight) => flight.fade === fade && trace(context, flight, 0, flight.at));
    }
    for (let i = 0; i < slices.length; i++) {
      context.lineWidth = unit * (2 - i * 0.35);
      const near = (tail * i) / slices.length;
      const far = (tail * (i + 1)) / slices.length;
      stroke(context, color, slices[i], (flight) => trace(context, flight, flight.at - far, flight.at - near));
    }
  }

  /**
   * stroke strokes what path puts into the context's path for each flight of a colour.
   * @param {CanvasRenderingContext2D} context @param {number} color @param {number} alpha
   * @param {(flight: Flight) => boolean} path
   */
  function stroke(context, color, alpha, path) {
    let any = false;
    for (const flight of places) {
      if (!flight.live || flight.color !== color || flight.short) continue;
      if (!any) context.beginPath();
      any = path(flight) || any;
    }
    if (!any) return;
    context.globalAlpha = alpha;
    context.stroke();
  }

  /** @param {CanvasRenderingContext2D} context @param {Flight} flight @param {number} unit */
  function lights(context, flight, unit) {
    const glow = glows[flight.color];
    if (flight.leaves && flight.at < 0.4) {
      light(context, glow, flight.points[0], flight.points[1], 12 * unit, 0.8 * (1 - flight.at / 0.4));
    }
    if (flight.at < 1 && !flight.short) {
      find(flight, flight.at);
      light(context, glow, flight.x, flight.y, 15 * unit, 1);
    }
    if (flight.lands && flight.landed > 0) {
      const t = flight.landed;
      const left = (1 - t) * (1 - t);
      light(context, glow, flight.endX, flight.endY, 18 * unit, left);
      light(context, rings[flight.color], flight.endX, flight.endY, (6 + 34 * Math.sqrt(t)) * unit, 0.7 * left);
    }
  }

  return {
    add,

    /** addPulse starts one that stays where it is. @param {number} x @param {number} y @param {number} color @param {number} now */
    addPulse: (x, y, color, now) => add(x, y, x, y, color, now, { leaves: false }),

    clear() {
      for (const flight of places) flight.live = false;
    },

    /** paint sets the colours of the series, and what goes with them. @param {Theme} theme */
    paint(theme) {
      colors = theme.series.map((color) => css(color));
      /** @type {Rgb | null} */
      const core = theme.dark ? [255, 255, 255] : null;
      glows = theme.series.map((color) => glowSprite(color, core ?? color, 64));
      rings = theme.series.map((color) => ringSprite(color, 96));
      blend = theme.dark ? "lighter" : "source-over";
    },

    /**
     * draw paints all that is in motion, and returns whether anything was.
     * @param {CanvasRenderingContext2D} context @param {number} now @param {number} unit
     */
    draw(context, now, unit) {
      context.globalCompositeOperation = blend;
      context.lineCap = "butt"; // the stretches of a tail meet without a dot
      context.lineJoin = "bevel";
      let any = false;
      for (const flight of places) {
        if (flight.live) any = age(flight, now) || any;
      }
      for (let color = 0; any && color < colors.length; color++) {
        context.strokeStyle = colors[color];
        lines(context, color, unit);
      }
      for (const flight of places) {
        if (flight.live) lights(context, flight, unit);
      }
      context.globalAlpha = 1;
      return any;
    },

    /**
     * drawStill paints the same without motion: curves and ends that fade in steps.
     * @param {CanvasRenderingContext2D} context @param {number} now @param {number} unit
     */
    drawStill(context, now, unit) {
      context.globalCompositeOperation = blend;
      let any = false;
      for (const flight of places) {
        if (!flight.live) continue;
        const left = 1 - Math.max(0, now - flight.began) / still;
        if (left <= 0) {
          flight.live = false;
          continue;
        }
        any = true;
        flight.fade = Math.min(3, Math.floor(4 - left * 4));
        if (flight.lands) light(context, glows[flight.color], flight.endX, flight.endY, 18 * unit, left);
        if (flight.leaves) light(context, glows[flight.color], flight.points[0], flight.points[1], 10 * unit, left * 0.7);
      }
      context.lineWidth = unit * 0.8;
      for (let color = 0; any && color < colors.length; color++) {
        context.strokeStyle = colors[color];
        for (let fade = 0; fade < traces.length; fade++) {
          stroke(context, color, traces[fade] * 2, (flight) => flight.fade === fade && trace(context, flight, 0, 1));
        }
      }
      context.globalAlpha = 1;
      return any;
    },
  };
}

/**
 * light draws a sprite around a point.
 * @param {CanvasRenderingContext2D} context @param {HTMLCanvasElement} sprite
 * @param {number} x @param {number} y @param {number} size @param {number} alpha
 */
function light(context, sprite, x, y, size, alpha) {
  context.globalAlpha = alpha;
  context.drawImage(sprite, x - size / 2, y - size / 2, size, size);
}

// createFlight returns the place of a flight. `at` goes from 0 to 1 at the target, and on
// while the tail comes in; `landed` goes from 0 to 1 then. It ends with both.
const createFlight = () => ({
  points: new Float32Array(2 * (steps + 1)), // x and y by turns
  live: false,
  color: 0,
  leaves: true,
  lands: true,
  began: 0,
  duration: 1,
  short: false,
  endX: 0,
  endY: 0,
  at: 0,
  landed: 0,
  fade: 0, // which of traces
  x: 0, // what find has found
  y: 0,
});

/**
 * @param {Flight} flight
 * @param {number} x0 @param {number} y0 @param {number} x1 @param {number} y1
 * @param {number} now
 */
function start(flight, x0, y0, x1, y1, now) {
  const length = Math.hypot(x1 - x0, y1 - y0);
  flight.live = true;
  flight.began = now;
  flight.endX = x1;
  flight.endY = y1;
  flight.short = length < 3;
  flight.duration = flight.short ? 1 : 1100 + 900 * Math.min(1, length / 1200);
  curve(flight.points, x0, y0, x1, y1, length);
  age(flight, now);
}

/**
 * curve sets the points of an arc, which is raised sideways, to whichever side is up.
 * @param {Float32Array} points
 * @param {number} x0 @param {number} y0 @param {number} x1 @param {number} y1
 * @param {number} length
 */
function curve(points, x0, y0, x1, y1, length) {
  const side = x1 >= x0 ? 1 : -1;
  const lift = 0.42 - 0.14 * Math.min(1, length / 1500);
  const cx = (x0 + x1) / 2 + (y1 - y0) * side * lift;
  const cy = Math.max((y0 + y1) / 2 - (x1 - x0) * side * lift, Math.min(y0, y1, 0) - 0.1 * length);
  for (let i = 0; i <= steps; i++) {
    const t = i / steps;
    const s = 1 - t;
    points[2 * i] = s * s * x0 + 2 * s * t * cx + t * t * x1;
    points[2 * i + 1] = s * s * y0 + 2 * s * t * cy + t * t * y1;
  }
}

/** age moves the head, and returns whether the flight goes on. @param {Flight} flight @param {number} now */
function age(flight, now) {
  const t = Math.max(0, now - flight.began) / flight.duration;
  flight.at = t < 1 ? t * (0.6 + 0.4 * t) : 1 + ((t - 1) * flight.duration) / 1400;
  flight.landed = Math.min(1, Math.max(0, (t - 1) * flight.duration) / ripple);
  flight.fade = t < 1 ? 0 : Math.min(3, 1 + Math.floor(flight.landed * 3));
  flight.live = flight.landed < 1;
  return flight.live;
}

/** find sets x and y to the point at t. @param {Flight} flight @param {number} t */
function find(flight, t) {
  const { points } = flight;
  const i = Math.min(steps - 1, Math.floor(t * steps));
  const rest = t * steps - i;
  flight.x = points[2 * i] + rest * (points[2 * i + 2] - points[2 * i]);
  flight.y = points[2 * i + 1] + rest * (points[2 * i + 3] - points[2 * i + 1]);
}

/**
 * trace puts the stretch from a to b into the context's path, if there is any.
 * @param {CanvasRenderingContext2D} context @param {Flight} flight @param {number} a @param {number} b
 */
function trace(context, flight, a, b) {
  const from = Math.max(0, a);
  const to = Math.min(1, b);
  if (from >= to) return false;
  find(flight, from);
  context.moveTo(flight.x, flight.y);
  for (let i = Math.floor(from * steps) + 1; i < to * steps; i++) context.lineTo(flight.points[2 * i], flight.points[2 * i + 1]);
  find(flight, to);
  context.lineTo(flight.x, flight.y);
  return true;
}
