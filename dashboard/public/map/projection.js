// Where a place is on the map: the Natural Earth projection (Šavrič, Jenny,
// Patterson, Petrovič and Hurni, 2011), cut in the Bering Strait.

const center = 11.5; // the meridian in the middle: 168.5° W is the edge
const radians = Math.PI / 180;

// The part that must be seen: Cape Horn to the north of Greenland, and what
// may be cropped of it where a container is of another shape.
const north = 84;
const south = -57;
const cropSides = 1.24; // most of the Pacific
const cropEnds = 1.05; // the ice in the north, the sea in the south
const middle = 12; // what stays in the middle when the sides are cropped, east of center or west

/** spread is how wide the world is at a latitude, against its longitudes in radians. @param {number} phi */
function spread(phi) {
  const p2 = phi * phi;
  const p4 = p2 * p2;
  return 0.8707 - 0.131979 * p2 + p4 * (-0.013791 + p4 * (0.003971 * p2 - 0.001529 * p4));
}

/** @param {number} phi */
function rise(phi) {
  const p2 = phi * phi;
  const p4 = p2 * p2;
  return phi * (1.007226 + p2 * (0.015085 + p4 * (-0.044475 + 0.028874 * p2 - 0.005916 * p4)));
}

const top = rise(north * radians);
const bottom = rise(south * radians);
const half = spread(0) * Math.PI;

/** fromCenter returns degrees east of the middle meridian, -180 to 180. @param {number} lng */
function fromCenter(lng) {
  const d = (lng - center) % 360;
  if (d > 180) return d - 360;
  return d < -180 ? d + 360 : d;
}

/**
 * createProjection maps places to the pixels of a container of that size.
 * @param {number} width
 * @param {number} height
 */
export function createProjection(width, height) {
  const contain = Math.min(width / (2 * half), height / (top - bottom));
  const cover = Math.max(width / (2 * half), height / (top - bottom));
  const narrow = height / width > (top - bottom) / (2 * half);
  const scale = Math.min(cover, contain * (narrow ? cropSides : cropEnds));
  const cropped = narrow ? scale / contain - 1 : 0;
  const left = width / 2 - spread(0) * middle * radians * scale * Math.min(1, cropped * 4);
  const equator = height / 2 + ((top + bottom) / 2) * scale;

  return {
    width,
    height,
    /** @param {number} lng @param {number} lat */
    x: (lng, lat) => left + spread(lat * radians) * fromCenter(lng) * radians * scale,
    /** @param {number} lat */
    y: (lat) => equator - rise(lat * radians) * scale,
    /** around is the way around the world at a latitude, in pixels. @param {number} lat */
    around: (lat) => spread(lat * radians) * 2 * Math.PI * scale,
  };
}

/** degreesBetween is how many degrees east a second place is drawn of a first. @param {number} lng1 @param {number} lng2 */
export function degreesBetween(lng1, lng2) {
  return fromCenter(lng2) - fromCenter(lng1);
}

/**
 * place reads a latitude and a longitude, strings or numbers. It returns null for
 * what is not a place, and for 0, 0, which stands for an unknown one.
 * @param {unknown} lat
 * @param {unknown} lng
 * @returns {Place | null}
 */
export function place(lat, lng) {
  const p = { lat: number(lat), lng: number(lng) };
  const known = Math.abs(p.lat) <= 90 && Math.abs(p.lng) <= 180 && (p.lat !== 0 || p.lng !== 0);
  return known ? p : null;
}

/** @param {unknown} value */
function number(value) {
  if (typeof value === "string") return value.trim() === "" ? NaN : Number(value);
  return typeof value === "number" ? value : NaN;
}
