// Days and moments of a replay: a day is YYYYMMDD, a moment the seconds into it,
// all in UTC.

export const secondsADay = 86400;
export const secondsAStep = 300;

const pad = (n) => String(Math.floor(n)).padStart(2, "0");

export const dayOf = (milliseconds) => new Date(milliseconds).toISOString().slice(0, 10).replaceAll("-", "");
export const startOf = (day) => Date.parse(`${dashed(day)}T00:00:00Z`);
export const dashed = (day) => `${day.slice(0, 4)}-${day.slice(4, 6)}-${day.slice(6)}`;
export const addDays = (day, n) => dayOf(startOf(day) + n * secondsADay * 1000);

// isDay tells whether a text is a day of the calendar that has begun.
export function isDay(day, now) {
  if (!/^\d{8}$/.test(day)) return false;
  const start = startOf(day);
  return start <= now && dayOf(start) === day;
}

// endOf gives how much of a day there is to be replayed: alerts of the last
// seconds may still be on their way.
export function endOf(day, now) {
  const late = 5;
  return Math.max(0, Math.min(secondsADay, Math.floor((now - startOf(day)) / 1000) - late));
}

export const clock = (at) => `${pad(at / 3600)}:${pad((at / 60) % 60)}:${pad(at % 60)}`;

// secondOf reads the second of the day from "YYYY-MM-DD HH:MM:SS".
export function secondOf(time) {
  const [, h, m, s] = /(\d\d):(\d\d):(\d\d)$/.exec(time) ?? [0, 0, 0, 0];
  return Number(h) * 3600 + Number(m) * 60 + Number(s);
}

// stepText is how the server is asked for a step.
export const stepText = (day, step) => `${dashed(day)} ${clock(step * secondsAStep)}`;
