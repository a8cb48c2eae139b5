import { css, glowSprite, ringSprite } from "./map-theme.js";

// Flights are the arcs and pulses in motion: a fixed number of places that are
// used again and again, the oldest first.

const steps = 40; // points of a curve
const tail = 0.34; // of a curve
const slices = [0.9, 0.5, 0.25, 0.1]; // how bright the tail is, from its head
const traces = [0.17, 0.11, 0.06, 0.03]; // and the curve behind, in flight and after
const ripple = 1100; // milliseconds after the landing
const still = 1800; // how long one is seen that does not fly

export class Flights {
  constructor(limit) {
    this.places = Array.from({ length: limit }, () => new Flight());
    this.next = 0;
  }

  // paint sets the colours of the series, and what goes with them.
  paint(theme) {
    this.colors = theme.series.map((color) => css(color));
    const core = theme.dark ? [255, 255, 255] : null;
    this.glows = theme.series.map((color) => glowSprite(color, core ?? color, 64));
    this.rings = theme.series.map((color) => ringSprite(color, 96));
    this.blend = theme.dark ? "lighter" : "source-over";
  }

  // add starts one from x0, y0 to x1, y1. leaves and lands tell whether these are
  // its true ends, or those of its twin at the other edge of the world.
  add(x0, y0, x1, y1, color, now, { leaves = true, lands = true } = {}) {
    this.places[this.next].start(x0, y0, x1, y1, color, now, leaves, lands);
    this.next = (this.next + 1) % this.places.length;
  }

  addPulse(x, y, color, now) {
    this.add(x, y, x, y, color, now, { leaves: false });
  }

  clear() {
    for (const flight of this.places) flight.live = false;
  }

  // draw paints all that is in motion, and tells whether anything was.
  draw(context, now, unit) {
    context.globalCompositeOperation = this.blend;
    context.lineCap = "butt"; // the stretches of a tail meet without a dot
    context.lineJoin = "bevel";
    let any = false;
    for (const flight of this.places) {
      if (flight.live) any = flight.age(now) || any;
    }
    for (let color = 0; any && color < this.colors.length; color++) {
      context.strokeStyle = this.colors[color];
      this.#lines(context, color, unit);
    }
    for (const flight of this.places) {
      if (flight.live) this.#lights(context, flight, unit);
    }
    context.globalAlpha = 1;
    return any;
  }

  // One path holds the same stretch of all flights of a colour.
  #lines(context, color, unit) {
    context.lineWidth = unit * 0.8;
    for (let fade = 0; fade < traces.length; fade++) {
      this.#stroke(context, color, traces[fade], (flight) => flight.fade === fade && flight.trace(context, 0, flight.at));
    }
    for (let i = 0; i < slices.length; i++) {
      context.lineWidth = unit * (2 - i * 0.35);
      const near = (tail * i) / slices.length;
      const far = (tail * (i + 1)) / slices.length;
      this.#stroke(context, color, slices[i], (flight) => flight.trace(context, flight.at - far, flight.at - near));
    }
  }

  #stroke(context, color, alpha, trace) {
    let any = false;
    for (const flight of this.places) {
      if (!flight.live || flight.color !== color || flight.short) continue;
      if (!any) context.beginPath();
      any = trace(flight) || any;
    }
    if (!any) return;
    context.globalAlpha = alpha;
    context.stroke();
  }

  #lights(context, flight, unit) {
    const glow = this.glows[flight.color];
    if (flight.leaves && flight.at < 0.4) {
      light(context, glow, flight.points[0], flight.points[1], 12 * unit, 0.8 * (1 - flight.at / 0.4));
    }
    if (flight.at < 1 && !flight.short) {
      flight.find(flight.at);
      light(context, glow, flight.x, flight.y, 15 * unit, 1);
    }
    if (flight.lands && flight.landed > 0) {
      const t = flight.landed;
      const left = (1 - t) * (1 - t);
      light(context, glow, flight.endX, flight.endY, 18 * unit, left);
      light(context, this.rings[flight.color], flight.endX, flight.endY, (6 + 34 * Math.sqrt(t)) * unit, 0.7 * left);
    }
  }

  // drawStill paints the same without motion: curves and ends that fade in steps.
  drawStill(context, now, unit) {
    context.globalCompositeOperation = this.blend;
    let any = false;
    for (const flight of this.places) {
      if (!flight.live) continue;
      const left = 1 - Math.max(0, now - flight.began) / still;
      if (left <= 0) {
        flight.live = false;
        continue;
      }
      any = true;
      flight.fade = Math.min(3, Math.floor(4 - left * 4));
      if (flight.lands) light(context, this.glows[flight.color], flight.endX, flight.endY, 18 * unit, left);
      if (flight.leaves) light(context, this.glows[flight.color], flight.points[0], flight.points[1], 10 * unit, left * 0.7);
    }
    context.lineWidth = unit * 0.8;
    for (let color = 0; any && color < this.colors.length; color++) {
      context.strokeStyle = this.colors[color];
      for (let fade = 0; fade < traces.length; fade++) {
        this.#stroke(context, color, traces[fade] * 2, (flight) => flight.fade === fade && flight.trace(context, 0, 1));
      }
    }
    context.globalAlpha = 1;
    return any;
  }
}

function light(context, sprite, x, y, size, alpha) {
  context.globalAlpha = alpha;
  context.drawImage(sprite, x - size / 2, y - size / 2, size, size);
}

class Flight {
  constructor() {
    this.points = new Float32Array(2 * (steps + 1));
    this.live = false;
  }

  start(x0, y0, x1, y1, color, now, leaves, lands) {
    const length = Math.hypot(x1 - x0, y1 - y0);
    this.live = true;
    this.began = now;
    this.color = color;
    this.leaves = leaves;
    this.lands = lands;
    this.endX = x1;
    this.endY = y1;
    this.short = length < 3;
    this.duration = this.short ? 1 : 1100 + 900 * Math.min(1, length / 1200);
    this.#curve(x0, y0, x1, y1, length);
    this.age(now);
  }

  // The curve is raised sideways, to whichever side is up.
  #curve(x0, y0, x1, y1, length) {
    const side = x1 >= x0 ? 1 : -1;
    const lift = 0.42 - 0.14 * Math.min(1, length / 1500);
    const cx = (x0 + x1) / 2 + (y1 - y0) * side * lift;
    const cy = Math.max((y0 + y1) / 2 - (x1 - x0) * side * lift, Math.min(y0, y1, 0) - 0.1 * length);
    for (let i = 0; i <= steps; i++) {
      const t = i / steps;
      const s = 1 - t;
      this.points[2 * i] = s * s * x0 + 2 * s * t * cx + t * t * x1;
      this.points[2 * i + 1] = s * s * y0 + 2 * s * t * cy + t * t * y1;
    }
  }

  // age moves the head: `at` goes from 0 to 1 at the target, and on while the
  // tail comes in. `landed` goes from 0 to 1 then. It ends with both.
  age(now) {
    const t = Math.max(0, now - this.began) / this.duration;
    this.at = t < 1 ? t * (0.6 + 0.4 * t) : 1 + ((t - 1) * this.duration) / 1400;
    this.landed = Math.min(1, Math.max(0, (t - 1) * this.duration) / ripple);
    this.fade = t < 1 ? 0 : Math.min(3, 1 + Math.floor(this.landed * 3));
    this.live = this.landed < 1;
    return this.live;
  }

  // find sets x and y to the place at t.
  find(t) {
    const i = Math.min(steps - 1, Math.floor(t * steps));
    const rest = t * steps - i;
    this.x = this.points[2 * i] + rest * (this.points[2 * i + 2] - this.points[2 * i]);
    this.y = this.points[2 * i + 1] + rest * (this.points[2 * i + 3] - this.points[2 * i + 1]);
  }

  // trace puts the stretch from a to b into the context's path, if there is any.
  trace(context, a, b) {
    const from = Math.max(0, a);
    const to = Math.min(1, b);
    if (from >= to) return false;
    this.find(from);
    context.moveTo(this.x, this.y);
    for (let i = Math.floor(from * steps) + 1; i < to * steps; i++) context.lineTo(this.points[2 * i], this.points[2 * i + 1]);
    this.find(to);
    context.lineTo(this.x, this.y);
    return true;
  }
}
