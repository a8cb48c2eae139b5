// What a card says about its answer: window, age, and any problem.

import { shortDay } from "./charts.js";
import { cut, formatTime, printable } from "./text.js";

/** faultText describes an error in a sentence. @param {Error} err */
export function faultText(err) {
  const text = cut(printable(err.message), 200);
  return `${text.slice(0, 1).toUpperCase()}${text.slice(1)}.`;
}

/** asOfText is when an answer was computed, with the day unless that is today. @param {number} asOf @param {number} now */
export function asOfText(asOf, now) {
  const [time, today] = [new Date(asOf), new Date(now)];
  const day = formatTime(time, "date");
  const clock = formatTime(time, "clock").slice(0, 5);
  return `as of ${day === formatTime(today, "date") ? "" : `${shortDay(day)}, `}${clock} UTC`;
}

/** ageText is the line of a card whose question has this status. @param {string} window @param {Status<unknown>} status */
export const ageText = (window, { found, now }) => (found ? `${window} · ${asOfText(found.asOf, now)}` : window);

/** staleText says why the shown answer is not updated, "" if it is. @param {Status<unknown>} status */
export const staleText = ({ found, fault }) => (found && fault ? `Out of date. ${faultText(fault.err)}` : "");

/** markAge puts the age on an element, in Unix seconds. @param {HTMLElement} root @param {{ found: { asOf: number } | null }} status */
export function markAge(root, { found }) {
  if (found) root.dataset.asOf = String(Math.floor(found.asOf / 1000));
  else delete root.dataset.asOf;
}
