// What the world map is made of.

type Rgb = [red: number, green: number, blue: number];

interface Theme {
  sea: Rgb;
  land: Rgb;
  border: Rgb;
  heat: Rgb;
  select: Rgb;
  series: Rgb[];
  dark: boolean;
}

/** Degrees. */
interface Place {
  lat: number;
  lng: number;
}

/** world.json. DESIGN.md describes it. */
interface WorldFile {
  unitsPerDegree: number;
  /** Steps in units: [x, y, x, y, …]. */
  arcs: number[][];
  countries: { code: string; label: number[]; rings: number[][] }[];
}

interface World {
  countries: Country[];
  /** Each as [lng, lat, lng, lat, …], in degrees. */
  arcs: Float32Array[];
  /** What each of the arcs is. */
  kinds: ArcKind[];
}

/** A seam is where a country meets itself. */
type ArcKind = "coast" | "border" | "seam";

interface Country {
  code: string;
  /** Lists of arcs; ~i is arc i backwards. */
  rings: number[][];
  /** The place for its label. */
  lng: number;
  lat: number;
}

type Box = [left: number, top: number, right: number, bottom: number];

/** A country in pixels. */
interface Shape {
  country: Country;
  fill: Path2D;
  outline: Path2D;
  box: Box;
}

type Projection = ReturnType<typeof import("../public/map/projection.js").createProjection>;
type Land = ReturnType<typeof import("../public/map/land.js").createLand>;

/** An arc or a pulse, in pixels and milliseconds. */
interface Flight {
  points: Float32Array;
  live: boolean;
  color: number;
  leaves: boolean;
  lands: boolean;
  began: number;
  duration: number;
  short: boolean;
  endX: number;
  endY: number;
  at: number;
  landed: number;
  fade: number;
  x: number;
  y: number;
}

interface WorldMap {
  /** add has an alert fly. */
  add(alert: StreamAlert): void;
  /** setHeat takes the places of the glow. */
  setHeat(points?: CountedPlace[]): void;
  /** setCounts takes the alerts by country, the most first, and when they came, such as "in the last 24 hours". */
  setCounts(ranking: CountryCount[], when: string): void;
  /** select marks a country, "" none. */
  select(code: string): void;
  /** clear ends all flights. */
  clear(): void;
}
type CreateWorldMap = typeof import("../public/map/map.js").createWorldMap;
