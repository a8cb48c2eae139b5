// Names of countries and time ranges.

import { cut, printable } from "./text.js";

const names = new Intl.DisplayNames("en", { type: "region", fallback: "none" });

// nameOf returns a country's name: as the server tells it, else as the browser
// knows it, else its code.
export function nameOf(code, told) {
  if (!code || code === "-") return "Unknown";
  const known = /^[A-Z]{2}$/.test(code) && names.of(code);
  return cut(printable(told || known || code), 60);
}

// rangeTexts are the state's `days` in words.
export const rangeTexts = { 1: "the last 24 hours", 7: "the last 7 days", 28: "the last 28 days" };
