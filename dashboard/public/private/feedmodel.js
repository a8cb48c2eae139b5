// Computations of the page of the feeds, without the DOM.

import { formatNumber, parseTime } from "../lib/text.js";

/** @param {unknown} value */
const text = (value) => (typeof value === "string" ? value : "");
/** @param {unknown} value */
const number = (value) => (Number.isFinite(Number(value)) ? Number(value) : 0);
/** @template T @param {unknown} value @param {(item: any) => T} read @returns {T[]} */
const list = (value, read) => (Array.isArray(value) ? value.map((item) => read(item ?? {})) : []);

/**
 * scoreParts are what a score is the sum of: how many points there are at most, the name,
 * and the class of the color.
 * @type {[part: ScorePart, most: number, name: string, color: string][]}
 */
export const scoreParts = [
  ["recency", 30, "recency", "series-1"], ["volume", 25, "alerts", "series-2"], ["sensors", 20, "sensors", "series-4"],
  ["days", 10, "days", "series-5"], ["interaction", 15, "interaction", "series-3"],
];

/** listingOf reads why an address is listed. @param {Unchecked<FeedListing>} given @returns {FeedListing} */
const listingOf = (given) => ({
  ip: text(given.ip), since: text(given.since), until: text(given.until), score: number(given.score),
  scoreParts: /** @type {Record<ScorePart, number>} */ (Object.fromEntries(scoreParts.map(([part]) => [part, number(given.scoreParts?.[part])]))),
  alerts: number(given.alerts), sensors: number(given.sensors), days: number(given.days), first: text(given.first), last: text(given.last),
  types: list(given.types, String), interaction: text(given.interaction), country: text(given.country), as: text(given.as),
});

// A name becomes a part of scripts that are copied: the server allows no others.
const feedName = /^[a-z0-9][a-z0-9_-]{0,31}$/;

/** feedsOf reads the answer of feeds. @param {Unchecked<FeedSummary>[]} answer @returns {FeedSummary[]} */
export function feedsOf(answer) {
  if (!Array.isArray(answer)) throw new Error("the server's answer is not a list of feeds");
  return list(answer, (given) => ({
    name: text(given.name), at: text(given.at), size: number(given.size), entries: number(given.entries), limit: number(given.limit),
    window: number(given.window), duration: number(given.duration), public: given.public === true, licence: text(given.licence),
    history: list(given.history, (hour) => ({ at: text(hour.at), size: number(hour.size), joined: number(hour.joined), left: number(hour.left) })),
    top: list(given.top, listingOf),
    left: list(given.left, (gone) => ({ ip: text(gone.ip), at: text(gone.at) })),
  })).filter(({ name }) => feedName.test(name));
}

/** allowancesOf reads a list of allowed networks. @param {Unchecked<FeedAllowance>[] | undefined} answer @returns {FeedAllowance[]} */
export const allowancesOf = (answer) => list(answer, (given) => ({
  network: text(given.network), reason: text(given.reason), by: text(given.by), since: text(given.since), until: text(given.until),
}));

/** findingsOf reads which feeds list an address. @param {Unchecked<FeedFinding>[] | undefined} answer @returns {FeedFinding[]} */
export const findingsOf = (answer) => list(answer, (given) => ({
  name: text(given.name), listed: given.listed ? listingOf(given.listed) : null, left: text(given.left),
}));

/** @type {[seconds: number, unit: string][]} */
const units = [[86_400, "day"], [3600, "hour"], [60, "minute"], [1, "second"]];

/** formatSpan writes seconds in the largest unit that divides them. @param {number} seconds */
export function formatSpan(seconds) {
  const [size, unit] = units.find(([n]) => seconds % n === 0) ?? units[3];
  const n = seconds / size;
  return `${formatNumber(n)} ${unit}${n === 1 ? "" : "s"}`;
}

/** @type {Record<string, string>} */
const interactions = {
  "": "connection", attempt: "login attempt", login: "login", command: "command", payload: "payload", exploit: "exploit",
};

/** interactionText says how far an attacker got. @param {string} interaction */
export const interactionText = (interaction) => (Object.hasOwn(interactions, interaction) ? interactions[interaction] : interaction);

/** scoreText says what a score is made of. @param {FeedListing} listing */
export const scoreText = (listing) => scoreParts.map(([part, , name]) => `${name} ${listing.scoreParts[part]}`).join(", ");

const hour = 3_600_000;
const minHours = 24;
const maxHours = 7 * 24;

/**
 * hoursOf returns the hours of a chart, oldest first; null is an hour in which the feed was not
 * computed. They end with the newest hour of the history, and are those of a day at least.
 * @param {FeedHour[]} history
 * @returns {{ start: number, hours: (FeedHour | null)[] }}
 */
export function hoursOf(history) {
  /** @type {Map<number, FeedHour>} */
  const known = new Map();
  for (const point of history) {
    const at = parseTime(point.at);
    if (at) known.set(Math.floor(at.getTime() / hour), point);
  }
  if (known.size === 0) return { start: 0, hours: [] };
  const last = Math.max(...known.keys());
  const n = Math.max(minHours, Math.min(maxHours, last - Math.min(...known.keys()) + 1));
  return { start: (last - n + 1) * hour, hours: Array.from({ length: n }, (_, i) => known.get(last - n + 1 + i) ?? null) };
}

/** untilOf turns what a field for date and time has, as UTC, into the server's form; "" is no end. @param {string} value */
export const untilOf = (value) => (/^\d{4}-\d\d-\d\dT\d\d:\d\d/.test(value) ? `${value.slice(0, 16)}:00Z` : "");
