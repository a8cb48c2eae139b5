import { css } from "./map-theme.js";

// Land holds the paths of all countries for one view, paints them and tells
// which country is where.
export class Land {
  constructor(world) {
    this.world = world;
    this.hits = document.createElement("canvas").getContext("2d");
  }

  // shape makes the paths anew, for a container of another size.
  shape(view) {
    const arcs = this.world.arcs.map((arc) => projectArc(arc, view));
    this.lines = { coast: new Path2D(), border: new Path2D(), seam: new Path2D() };
    arcs.forEach((arc, i) => trace(this.lines[this.world.kinds[i]], arc, false, true));
    this.land = new Path2D();
    this.shapes = this.world.countries.map((country) => this.#shapeOf(country, arcs));
    for (const shape of this.shapes) this.land.addPath(shape.fill);
    this.grid = graticule(view);
  }

  #shapeOf(country, arcs) {
    const shape = { country, fill: new Path2D(), outline: new Path2D(), box: [Infinity, Infinity, -Infinity, -Infinity] };
    for (const ring of country.rings) {
      ring.forEach((index, i) => {
        const arc = index < 0 ? ~index : index;
        trace(shape.fill, arcs[arc], index < 0, i === 0);
        if (this.world.kinds[arc] !== "seam") trace(shape.outline, arcs[arc], index < 0, true);
        widen(shape.box, arcs[arc]);
      });
      shape.fill.closePath();
    }
    return shape;
  }

  paint(context, theme, unit) {
    context.lineJoin = "round";
    context.lineWidth = unit * 0.6;
    context.strokeStyle = css(theme.border, theme.dark ? 0.28 : 0.35);
    context.stroke(this.grid);
    context.fillStyle = css(theme.land);
    context.fill(this.land, "evenodd");
    context.strokeStyle = css(theme.border, 0.75);
    context.stroke(this.lines.border);
    context.lineWidth = unit * 0.9;
    context.strokeStyle = css(theme.border);
    context.stroke(this.lines.coast);
  }

  // at gives the shape that a pixel lies in, or undefined.
  at(x, y) {
    return this.shapes?.find(
      ({ country, fill, box }) =>
        country.code && x >= box[0] && y >= box[1] && x <= box[2] && y <= box[3] && this.hits.isPointInPath(fill, x, y, "evenodd"),
    );
  }

  // near is at for a finger: it looks around when there is nothing.
  near(x, y, reach) {
    let found = this.at(x, y);
    for (let i = 0; i < 8 && !found; i++) {
      found = this.at(x + reach * Math.cos((i * Math.PI) / 4), y + reach * Math.sin((i * Math.PI) / 4));
    }
    return found;
  }

  of(code) {
    return code ? this.shapes?.find((shape) => shape.country.code === code) : undefined;
  }
}

// projectArc keeps an arc that goes beyond the eastern edge on that side.
function projectArc(arc, view) {
  const out = new Float32Array(arc.length);
  for (let i = 0; i < arc.length; i += 2) {
    out[i] = view.x(arc[i], arc[i + 1]);
    out[i + 1] = view.y(arc[i + 1]);
  }
  return out;
}

function trace(path, arc, backwards, begin) {
  const n = arc.length / 2;
  for (let i = 0; i < n; i++) {
    const j = 2 * (backwards ? n - 1 - i : i);
    if (i === 0 && begin) path.moveTo(arc[j], arc[j + 1]);
    else path.lineTo(arc[j], arc[j + 1]);
  }
}

function widen(box, arc) {
  for (let i = 0; i < arc.length; i += 2) {
    box[0] = Math.min(box[0], arc[i]);
    box[1] = Math.min(box[1], arc[i + 1]);
    box[2] = Math.max(box[2], arc[i]);
    box[3] = Math.max(box[3], arc[i + 1]);
  }
}

// graticule is a net of lines 30 degrees apart, with the edges of the world.
function graticule(view) {
  const path = new Path2D();
  const meridians = [-168.49, 191.49];
  for (let lng = -150; lng <= 180; lng += 30) meridians.push(lng);
  for (const lng of meridians) {
    path.moveTo(view.x(lng, -90), view.y(-90));
    for (let lat = -86; lat <= 90; lat += 4) path.lineTo(view.x(lng, lat), view.y(lat));
  }
  for (let lat = -60; lat <= 60; lat += 30) {
    path.moveTo(view.x(-168.49, lat), view.y(lat));
    path.lineTo(view.x(191.49, lat), view.y(lat));
  }
  return path;
}
