// Names of countries and time ranges.

import { cut, printable } from "./text.js";

const names = new Intl.DisplayNames("en", { type: "region", fallback: "none" });

/**
 * nameOf returns a country's name: as the server calls it, else as the browser
 * knows it, else its code.
 * @param {string | undefined} code
 * @param {string} [given] what the server calls it
 */
export function nameOf(code, given) {
  if (!code || code === "-") return "Unknown";
  const known = /^[A-Z]{2}$/.test(code) && names.of(code);
  return cut(printable(given || known || code), 60);
}

/**
 * rangeTexts are the state's `days` in words.
 * @type {Record<string, string>}
 */
export const rangeTexts = { 1: "the last 24 hours", 7: "the last 7 days", 28: "the last 28 days" };
