// Days and moments of a replay: a day is YYYYMMDD, a moment the seconds into it,
// all in UTC.

export const secondsADay = 86400;
export const secondsAStep = 300;

/** @param {number} n */
const pad = (n) => String(Math.floor(n)).padStart(2, "0");

/** @param {number} milliseconds */
export const dayOf = (milliseconds) => new Date(milliseconds).toISOString().slice(0, 10).replaceAll("-", "");
/** @param {string} day */
export const startOf = (day) => Date.parse(`${dashed(day)}T00:00:00Z`);
/** @param {string} day */
export const dashed = (day) => `${day.slice(0, 4)}-${day.slice(4, 6)}-${day.slice(6)}`;
/** @param {string} day @param {number} n */
export const addDays = (day, n) => dayOf(startOf(day) + n * secondsADay * 1000);

/** isDay returns whether a text is a day of the calendar that has begun. @param {string} day @param {number} now */
export function isDay(day, now) {
  if (!/^\d{8}$/.test(day)) return false;
  const start = startOf(day);
  return start <= now && dayOf(start) === day;
}

/**
 * endOf gives how much of a day there is to be replayed: alerts of the last
 * seconds may still be on their way.
 * @param {string} day @param {number} now
 */
export function endOf(day, now) {
  const late = 5;
  return Math.max(0, Math.min(secondsADay, Math.floor((now - startOf(day)) / 1000) - late));
}

/** @param {number} at */
export const clock = (at) => `${pad(at / 3600)}:${pad((at / 60) % 60)}:${pad(at % 60)}`;

/** secondOf reads the second of the day from "YYYY-MM-DD HH:MM:SS". @param {string} time */
export function secondOf(time) {
  const [, h, m, s] = /(\d\d):(\d\d):(\d\d)$/.exec(time) ?? [0, 0, 0, 0];
  return Number(h) * 3600 + Number(m) * 60 + Number(s);
}

/** stepText is how the server is asked for a step. @param {string} day @param {number} step */
export const stepText = (day, step) => `${dashed(day)} ${clock(step * secondsAStep)}`;

/** hourText is how the server is asked for a day up to an hour, 24 at most. @param {string} day @param {number} hour */
export const hourText = (day, hour) => (hour === 24 ? stepText(addDays(day, 1), 0) : `${dashed(day)} ${clock(hour * 3600)}`);

/**
 * keptOf says what of a day is older than the server keeps: all of it (gone), or what
 * text says, "" if nothing is. It keeps what arrived from keptFrom on, as of asOf;
 * both are milliseconds.
 * @param {string} day @param {number | undefined} keptFrom @param {number} asOf
 * @returns {Kept}
 */
export function keptOf(day, keptFrom, asOf) {
  const start = startOf(day);
  if (keptFrom === undefined || !(keptFrom > start)) return { gone: false, text: "" };
  const hours = Math.max(1, Math.round((asOf - keptFrom) / 3_600_000));
  const [n, unit] = hours % 24 === 0 ? [hours / 24, "day"] : [hours, "hour"];
  const rule = `alerts are kept for ${n} ${unit}${n === 1 ? "" : "s"}.`;
  const gone = keptFrom >= start + secondsADay * 1000;
  const text = gone ? `Older than the server keeps: ${rule}`
    : `Alerts before ${clock((keptFrom - start) / 1000)} UTC are older than the server keeps: ${rule}`;
  return { gone, text };
}
