// The outlines of world.json. DESIGN.md describes the format.

/** @type {Promise<World> | undefined} */
let loading; // the file is the same for all maps

/** loadWorld returns a promise of the outlines. */
export function loadWorld() {
  loading ??= fetchWorld().catch((error) => {
    loading = undefined; // the next map may have more luck
    throw error;
  });
  return loading;
}

async function fetchWorld() {
  const response = await fetch(new URL("./world.json", import.meta.url));
  if (!response.ok) throw new Error(`world.json: ${response.status}`);
  return decodeWorld(await response.json());
}

/**
 * decodeWorld reads world.json.
 * @param {WorldFile} file
 * @returns {World}
 */
export function decodeWorld(file) {
  const arcs = file.arcs.map((steps) => decodeArc(steps, file.unitsPerDegree));
  const countries = file.countries.map(({ code, label, rings }) => (
    { code, rings, lng: label[0] / file.unitsPerDegree, lat: label[1] / file.unitsPerDegree }));
  /** @type {Country[][]} */
  const owners = arcs.map(() => []);
  for (const country of countries) {
    for (const arc of country.rings.flat()) owners[arc < 0 ? ~arc : arc].push(country);
  }
  const kinds = owners.map((o) => (o.length < 2 ? "coast" : o[0] === o[1] ? "seam" : "border"));
  return { countries, arcs, kinds };
}

/** decodeArc returns the points of an arc, as [lng, lat, lng, lat, …]. @param {number[]} steps @param {number} unitsPerDegree */
export function decodeArc(steps, unitsPerDegree) {
  const points = new Float32Array(steps.length);
  let x = 0;
  let y = 0;
  for (let i = 0; i < steps.length; i += 2) {
    x += steps[i];
    y += steps[i + 1];
    points[i] = x / unitsPerDegree;
    points[i + 1] = y / unitsPerDegree;
  }
  return points;
}
