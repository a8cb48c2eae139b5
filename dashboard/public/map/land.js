import { css, newContext } from "./theme.js";

/**
 * createLand holds the paths of all countries for one projection, paints them and
 * finds the country at a point. shape comes first.
 * @param {World} world
 */
export function createLand(world) {
  const hits = newContext();
  /** @type {Record<ArcKind, Path2D>} */
  let lines;
  /** @type {Path2D} */
  let land;
  /** @type {Path2D} */
  let grid;
  /** @type {Shape[]} */
  let shapes = [];

  /** @param {Country} country @param {Float32Array[]} arcs @returns {Shape} */
  function shapeOf(country, arcs) {
    const fill = new Path2D();
    const outline = new Path2D();
    /** @type {Box} */
    const box = [Infinity, Infinity, -Infinity, -Infinity];
    for (const ring of country.rings) {
      ring.forEach((index, i) => {
        const arc = index < 0 ? ~index : index;
        trace(fill, arcs[arc], index < 0, i === 0);
        if (world.kinds[arc] !== "seam") trace(outline, arcs[arc], index < 0, true);
        widen(box, arcs[arc]);
      });
      fill.closePath();
    }
    return { country, fill, outline, box };
  }

  /** at returns the shape that a pixel lies in. @param {number} x @param {number} y */
  const at = (x, y) => shapes.find(
    ({ country, fill, box }) =>
      country.code && x >= box[0] && y >= box[1] && x <= box[2] && y <= box[3] && hits.isPointInPath(fill, x, y, "evenodd"),
  );

  return {
    /** shape makes the paths again, for a container of another size. @param {Projection} projection */
    shape(projection) {
      const arcs = world.arcs.map((arc) => projectArc(arc, projection));
      lines = { coast: new Path2D(), border: new Path2D(), seam: new Path2D() };
      arcs.forEach((arc, i) => trace(lines[world.kinds[i]], arc, false, true));
      land = new Path2D();
      shapes = world.countries.map((country) => shapeOf(country, arcs));
      for (const { fill } of shapes) land.addPath(fill);
      grid = graticule(projection);
    },

    /** @param {CanvasRenderingContext2D} context @param {Theme} theme @param {number} unit */
    paint(context, theme, unit) {
      context.lineJoin = "round";
      context.lineWidth = unit * 0.6;
      context.strokeStyle = css(theme.border, theme.dark ? 0.28 : 0.35);
      context.stroke(grid);
      context.fillStyle = css(theme.land);
      context.fill(land, "evenodd");
      context.strokeStyle = css(theme.border, 0.75);
      context.stroke(lines.border);
      context.lineWidth = unit * 0.9;
      context.strokeStyle = css(theme.border);
      context.stroke(lines.coast);
    },

    /**
     * near returns the shape at a point, or one within reach of it: a finger is wide.
     * @param {number} x @param {number} y @param {number} reach in pixels
     */
    near(x, y, reach) {
      let found = at(x, y);
      for (let i = 0; i < 8 && !found; i++) {
        found = at(x + reach * Math.cos((i * Math.PI) / 4), y + reach * Math.sin((i * Math.PI) / 4));
      }
      return found;
    },

    /** of returns the shape of a country. @param {string} code */
    of: (code) => (code ? shapes.find((shape) => shape.country.code === code) : undefined),
  };
}

/**
 * projectArc keeps an arc that goes beyond the eastern edge on that side.
 * @param {Float32Array} arc @param {Projection} projection
 */
function projectArc(arc, projection) {
  const out = new Float32Array(arc.length);
  for (let i = 0; i < arc.length; i += 2) {
    out[i] = projection.x(arc[i], arc[i + 1]);
    out[i + 1] = projection.y(arc[i + 1]);
  }
  return out;
}

/** @param {Path2D} path @param {Float32Array} arc @param {boolean} backwards @param {boolean} begin */
function trace(path, arc, backwards, begin) {
  const n = arc.length / 2;
  for (let i = 0; i < n; i++) {
    const j = 2 * (backwards ? n - 1 - i : i);
    if (i === 0 && begin) path.moveTo(arc[j], arc[j + 1]);
    else path.lineTo(arc[j], arc[j + 1]);
  }
}

/** @param {Box} box @param {Float32Array} arc */
function widen(box, arc) {
  for (let i = 0; i < arc.length; i += 2) {
    box[0] = Math.min(box[0], arc[i]);
    box[1] = Math.min(box[1], arc[i + 1]);
    box[2] = Math.max(box[2], arc[i]);
    box[3] = Math.max(box[3], arc[i + 1]);
  }
}

/** graticule is a net of lines 30 degrees apart, with the edges of the world. @param {Projection} projection */
function graticule(projection) {
  const path = new Path2D();
  const meridians = [-168.49, 191.49];
  for (let lng = -150; lng <= 180; lng += 30) meridians.push(lng);
  for (const lng of meridians) {
    path.moveTo(projection.x(lng, -90), projection.y(-90));
    for (let lat = -86; lat <= 90; lat += 4) path.lineTo(projection.x(lng, lat), projection.y(lat));
  }
  for (let lat = -60; lat <= 60; lat += 30) {
    path.moveTo(projection.x(-168.49, lat), projection.y(lat));
    path.lineTo(projection.x(191.49, lat), projection.y(lat));
  }
  return path;
}
