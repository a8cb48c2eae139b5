import { css, heatSprite } from "./map-theme.js";
import { place } from "./map-projection.js";

const maxPlaces = 1000; // places of heat

// places reads a list of retrieveLatLonAttacks, if there is one. What is no place,
// or has no count, is left out.
export function places(points) {
  return (points ?? []).flatMap(({ lat, lng, count }) => {
    const at = place(lat, lng);
    return at && count > 0 ? [{ ...at, count }] : [];
  });
}

// Marks is what lies on the land and changes seldom: the heat of places and of
// countries, the selected country and the one pointed at.
export class Marks {
  constructor() {
    this.heat = [];
    this.counts = new Map(); // of alerts, by country code, the most first
    this.selected = "";
    this.pointed = "";
  }

  setHeat(points) {
    this.heat = places(points).slice(0, maxPlaces);
  }

  setCounts(ranking) {
    this.counts.clear();
    for (const { code, country, count } of ranking) {
      if (/^[A-Z]{2}$/.test(code) && count > 0) this.counts.set(code, { country, count });
    }
  }

  paint(theme) {
    this.sprite = heatSprite(theme.heat, 128);
  }

  draw(context, land, view, theme, unit) {
    const most = Math.max(1, ...Array.from(this.counts.values(), ({ count }) => count));
    for (const [code, { count }] of this.counts) {
      const shape = land?.of(code);
      if (!shape) continue; // too small to have an outline
      context.fillStyle = theme.dark ? css(theme.border, 0.15 + 0.6 * strength(count, most)) : css(theme.heat, 0.04 + 0.3 * strength(count, most));
      context.fill(shape.fill, "evenodd");
    }
    this.#glows(context, view, unit);
    if (this.pointed !== this.selected) this.#outline(context, land?.of(this.pointed), theme, unit, 0.65, 0.1);
    this.#outline(context, land?.of(this.selected), theme, unit * 1.8, 1, 0.1);
  }

  #glows(context, view, unit) {
    const most = this.heat.reduce((m, { count }) => Math.max(m, count), 1);
    for (const { lat, lng, count } of this.heat) {
      const s = strength(count, most);
      const size = unit * (14 + 66 * s);
      context.globalAlpha = 0.25 + 0.45 * s;
      context.drawImage(this.sprite, view.x(lng, lat) - size / 2, view.y(lat) - size / 2, size, size);
    }
    context.globalAlpha = 1;
  }

  #outline(context, shape, theme, width, alpha, filled) {
    if (!shape) return;
    context.fillStyle = css(theme.select, filled);
    context.fill(shape.fill, "evenodd");
    context.strokeStyle = css(theme.select, alpha);
    context.lineWidth = width;
    context.lineJoin = "round";
    context.stroke(shape.outline);
  }
}

// strength is 0 to 1; the root, for the first few have most of all.
function strength(count, most) {
  return Math.sqrt(count / most);
}
