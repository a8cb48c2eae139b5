import { place } from "./projection.js";
import { css, heatSprite } from "./theme.js";

const maxPlaces = 1000; // places of heat

/**
 * places reads a list of retrieveLatLonAttacks, if there is one. What is not a place,
 * or has no count, is left out.
 * @param {CountedPlace[]} [points]
 */
export function places(points) {
  return (points ?? []).flatMap(({ lat, lng, count }) => {
    const at = place(lat, lng);
    return at && Number(count) > 0 ? [{ ...at, count: Number(count) }] : [];
  });
}

/**
 * createMarks returns what lies on the land and changes rarely: the heat of places and of
 * countries, the selected country and the one pointed at.
 */
export function createMarks() {
  /** @type {ReturnType<typeof places>} */
  let heat = [];
  /** @type {HTMLCanvasElement | undefined} */
  let sprite;
  /** @type {Map<string, { country: string, count: number }>} */
  const counts = new Map();

  /** @param {CanvasRenderingContext2D} context @param {Projection} projection @param {number} unit */
  function glows(context, projection, unit) {
    if (!sprite) return;
    const max = heat.reduce((m, { count }) => Math.max(m, count), 1);
    for (const { lat, lng, count } of heat) {
      const s = strength(count, max);
      const size = unit * (14 + 66 * s);
      context.globalAlpha = 0.25 + 0.45 * s;
      context.drawImage(sprite, projection.x(lng, lat) - size / 2, projection.y(lat) - size / 2, size, size);
    }
    context.globalAlpha = 1;
  }

  const marks = {
    selected: "",
    pointed: "",
    /** counts are the alerts by country code, the most first. */
    counts,

    /** @param {CountedPlace[]} [points] */
    setHeat(points) {
      heat = places(points).slice(0, maxPlaces);
    },

    /** @param {CountryCount[]} ranking */
    setCounts(ranking) {
      counts.clear();
      for (const { code, country, count } of ranking) {
        if (/^[A-Z]{2}$/.test(code) && Number(count) > 0) counts.set(code, { country, count: Number(count) });
      }
    },

    /** paint sets the colours. @param {Theme} theme */
    paint(theme) {
      sprite = heatSprite(theme.heat, 128);
    },

    /**
     * @param {CanvasRenderingContext2D} context @param {Land | undefined} land
     * @param {Projection} projection @param {Theme} theme @param {number} unit
     */
    draw(context, land, projection, theme, unit) {
      const max = Math.max(1, ...Array.from(counts.values(), ({ count }) => count));
      for (const [code, { count }] of counts) {
        const shape = land?.of(code);
        if (!shape) continue; // too small to have an outline
        context.fillStyle = theme.dark ? css(theme.border, 0.15 + 0.6 * strength(count, max)) : css(theme.heat, 0.04 + 0.3 * strength(count, max));
        context.fill(shape.fill, "evenodd");
      }
      glows(context, projection, unit);
      if (marks.pointed !== marks.selected) outline(context, land?.of(marks.pointed), theme, unit, 0.65);
      outline(context, land?.of(marks.selected), theme, unit * 1.8, 1);
    },
  };
  return marks;
}

/**
 * @param {CanvasRenderingContext2D} context @param {Shape | undefined} shape
 * @param {Theme} theme @param {number} width @param {number} alpha
 */
function outline(context, shape, theme, width, alpha) {
  if (!shape) return;
  context.fillStyle = css(theme.select, 0.1);
  context.fill(shape.fill, "evenodd");
  context.strokeStyle = css(theme.select, alpha);
  context.lineWidth = width;
  context.lineJoin = "round";
  context.stroke(shape.outline);
}

/** strength is 0 to 1; the root, for the first few have most of all. @param {number} count @param {number} max */
function strength(count, max) {
  return Math.sqrt(count / max);
}
