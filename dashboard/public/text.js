// Text for the page. Much of what the server tells was written by attackers: it
// becomes text here, and nothing else.

const entities = { "&amp;": "&", "&lt;": "<", "&gt;": ">", "&quot;": '"', "&#x27;": "'" };

// unescapeRequest turns the five entities of a requestString back.
export function unescapeRequest(s) {
  return String(s).replace(/&(?:amp|lt|gt|quot|#x27);/g, (entity) => entities[entity]);
}

// Controls, and characters that turn, join or hide what stands beside them.
const unprintable = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\u2028\u2029\u115f\u1160\u3164\uffa0]/gu;

// printable shows such characters as escapes, so that a text reads as it is.
export function printable(s) {
  return String(s).replace(unprintable, (c) => {
    const code = c.codePointAt(0);
    return code < 0x100 ? "\\x" + code.toString(16).padStart(2, "0") : `\\u{${code.toString(16)}}`;
  });
}

// cut shortens a text to at most max characters, and tells that it did.
export function cut(s, max) {
  return s.length <= max ? s : s.slice(0, max - 1).replace(/[\ud800-\udbff]$/, "") + "…";
}

const whole = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });
const tenths = new Intl.NumberFormat("en", { maximumFractionDigits: 1 });
const short = new Intl.NumberFormat("en", { notation: "compact", maximumFractionDigits: 1 });
const percent = new Intl.NumberFormat("en", { style: "percent", minimumFractionDigits: 1, maximumFractionDigits: 1 });

const number = (n) => (Number.isFinite(Number(n)) ? Number(n) : 0);

export const formatNumber = (n) => whole.format(number(n));
export const formatRate = (n) => (number(n) < 10 ? tenths : whole).format(number(n));
export const formatShort = (n) => short.format(number(n));
export const formatShare = (part, all) => (all > 0 ? percent.format(part / all) : "–");

// parseTime reads the server's "YYYY-MM-DD HH:MM:SS" (UTC), or returns null.
export function parseTime(s) {
  if (!/^\d{4}-\d\d-\d\d( \d\d:\d\d:\d\d)?$/.test(s)) return null;
  const date = new Date(s.length === 10 ? `${s}T00:00:00Z` : `${s.replace(" ", "T")}Z`);
  return Number.isNaN(date.getTime()) ? null : date;
}

const pad = (n) => String(n).padStart(2, "0");
const dateOf = (d) => `${d.getUTCFullYear()}-${pad(d.getUTCMonth() + 1)}-${pad(d.getUTCDate())}`;
const clockOf = (d) => `${pad(d.getUTCHours())}:${pad(d.getUTCMinutes())}:${pad(d.getUTCSeconds())}`;

// formatTime writes a Date, or a time as the server tells it, in UTC. style is
// "full" (by default), "date", or "clock".
export function formatTime(time, style = "full") {
  const date = time instanceof Date ? time : parseTime(String(time));
  if (!date) return "–";
  if (style === "date") return dateOf(date);
  if (style === "clock") return `${clockOf(date)} UTC`;
  return `${dateOf(date)} ${clockOf(date)} UTC`;
}

// What el sets besides aria-* and data-*. No href, src, style or on*: a text that
// lands there could do something.
const attributes = new Set([
  "autocomplete", "class", "colspan", "datetime", "dir", "disabled", "for", "hidden", "id", "inputmode", "lang",
  "max", "maxlength", "min", "name", "open", "placeholder", "required", "role", "rowspan", "scope", "selected",
  "spellcheck", "step", "tabindex", "title", "type", "value",
  // of SVG
  "cx", "cy", "d", "fill", "focusable", "height", "points", "preserveAspectRatio", "r", "rx", "stroke", "text-anchor",
  "transform", "viewBox", "width", "x", "x1", "x2", "y", "y1", "y2",
]);

function build(element, props, children) {
  for (const [name, value] of Object.entries(props ?? {})) {
    if (value === undefined || value === null || value === false) continue;
    if (name === "on") {
      for (const [type, fn] of Object.entries(value)) element.addEventListener(type, fn);
    } else if (name === "vars") {
      for (const [key, v] of Object.entries(value)) element.style.setProperty(key, v);
    } else if (attributes.has(name) || /^(aria|data)-[a-z-]+$/.test(name)) {
      element.setAttribute(name, value === true && !name.startsWith("aria-") ? "" : value);
    } else {
      throw new Error(`el: the attribute ${name} is not allowed`);
    }
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

// el builds an element. Of props, `on` holds listeners and `vars` CSS variables;
// the others are attributes, where false leaves one out. Children are elements,
// texts, or arrays of these.
export function el(tag, props, ...children) {
  return build(document.createElement(tag), props, children);
}

// svg does the same for SVG.
export function svg(tag, props, ...children) {
  return build(document.createElementNS("http://www.w3.org/2000/svg", tag), props, children);
}
