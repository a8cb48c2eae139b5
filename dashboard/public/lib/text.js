// Text for the page. Attackers wrote much of what the server sends: it becomes
// text here, never markup.

/** @type {Record<string, string>} */
const entities = { "&amp;": "&", "&lt;": "<", "&gt;": ">", "&quot;": '"', "&#x27;": "'" };

/** unescapeRequest turns the five entities of a requestString back. @param {string} s */
export function unescapeRequest(s) {
  return String(s).replace(/&(?:amp|lt|gt|quot|#x27);/g, (entity) => entities[entity]);
}

// Control characters, and characters that reorder, join or hide their
// neighbors.
const unprintable = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\u2028\u2029\u115f\u1160\u3164\uffa0]/gu;

/** printable shows such characters as escapes, so that a text reads as it is. @param {unknown} s */
export function printable(s) {
  return String(s).replace(unprintable, (c) => {
    const code = Number(c.codePointAt(0));
    return code < 0x100 ? "\\x" + code.toString(16).padStart(2, "0") : `\\u{${code.toString(16)}}`;
  });
}

/** cut shortens a text to at most max characters, and marks the cut by "…". @param {string} s @param {number} max */
export function cut(s, max) {
  return s.length <= max ? s : s.slice(0, max - 1).replace(/[\ud800-\udbff]$/, "") + "…";
}

const whole = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });
const tenths = new Intl.NumberFormat("en", { maximumFractionDigits: 1 });
const short = new Intl.NumberFormat("en", { notation: "compact", maximumFractionDigits: 1 });
const percent = new Intl.NumberFormat("en", { style: "percent", minimumFractionDigits: 1, maximumFractionDigits: 1 });

/** @param {unknown} n */
const number = (n) => (Number.isFinite(Number(n)) ? Number(n) : 0);

// From here on a number is written in a short form: eight digits do not fit where
// figures are.
const long = 10_000_000;

/** @param {unknown} n */
const full = (n) => whole.format(number(n));

/** @param {unknown} n */
export const formatShort = (n) => short.format(number(n));
/** @param {unknown} n */
export const formatNumber = (n) => (Math.abs(number(n)) < long ? full(n) : formatShort(n));
/** @param {unknown} n */
export const formatRate = (n) => (number(n) < 10 ? tenths.format(number(n)) : formatNumber(n));
/** @param {unknown} n */
export const formatAlerts = (n) => `${formatNumber(n)} ${number(n) === 1 ? "alert" : "alerts"}`;
/** @param {number} part @param {number} all */
export const formatShare = (part, all) => (all > 0 ? percent.format(part / all) : "–");

/** parseTime reads the server's "YYYY-MM-DD HH:MM:SS" (UTC), or returns null. @param {string | undefined} s @returns {Date | null} */
export function parseTime(s) {
  if (!s || !/^\d{4}-\d\d-\d\d( \d\d:\d\d:\d\d)?$/.test(s)) return null;
  const date = new Date(s.length === 10 ? `${s}T00:00:00Z` : `${s.replace(" ", "T")}Z`);
  return Number.isNaN(date.getTime()) ? null : date;
}

/** @param {number} n */
const pad = (n) => String(n).padStart(2, "0");
/** @param {Date} d */
const dateOf = (d) => `${d.getUTCFullYear()}-${pad(d.getUTCMonth() + 1)}-${pad(d.getUTCDate())}`;
/** @param {Date} d */
const clockOf = (d) => `${pad(d.getUTCHours())}:${pad(d.getUTCMinutes())}:${pad(d.getUTCSeconds())}`;

/**
 * formatTime writes a Date, or a time as the server writes it, in UTC. style is
 * "full" (by default), "date", or "clock".
 * @param {Date | string | undefined} time @param {"full" | "date" | "clock"} [style]
 */
export function formatTime(time, style = "full") {
  const date = time instanceof Date ? time : parseTime(String(time));
  if (!date) return "–";
  if (style === "date") return dateOf(date);
  if (style === "clock") return `${clockOf(date)} UTC`;
  return `${dateOf(date)} ${clockOf(date)} UTC`;
}

// Attributes that el sets besides aria-* and data-*. No href, src, style or on*:
// a text there could execute something.
const attributes = new Set([
  "autocomplete", "class", "colspan", "datetime", "dir", "disabled", "for", "hidden", "id", "inputmode", "lang",
  "max", "maxlength", "min", "name", "open", "placeholder", "required", "role", "rowspan", "scope", "selected",
  "spellcheck", "step", "tabindex", "title", "type", "value",
  // of SVG
  "cx", "cy", "d", "fill", "focusable", "height", "points", "preserveAspectRatio", "r", "rx", "stroke", "text-anchor",
  "transform", "viewBox", "width", "x", "x1", "x2", "y", "y1", "y2",
]);

/**
 * @template {HTMLElement | SVGElement} E
 * @param {E} element @param {Props | null | undefined} props @param {(Child | Child[])[]} children
 */
function build(element, props, children) {
  const { on = {}, vars = {}, ...given } = props ?? {};
  for (const [type, fn] of Object.entries(on)) element.addEventListener(type, /** @type {EventListener} */ (fn));
  for (const [name, value] of Object.entries(vars)) element.style.setProperty(name, value);
  for (const [name, value] of Object.entries(given)) {
    if (value === undefined || value === null || value === false) continue;
    if (attributes.has(name) || /^(aria|data)-[a-z-]+$/.test(name)) {
      element.setAttribute(name, value === true && !name.startsWith("aria-") ? "" : String(value));
    } else {
      throw new Error(`el: the attribute ${name} is not allowed`);
    }
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

/**
 * el builds an element. Of props, `on` holds listeners and `vars` CSS variables;
 * the others are attributes, where false leaves one out. Children are elements,
 * texts, or arrays of these.
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag @param {Props | null} [props] @param {...Child | Child[]} children
 */
export function el(tag, props, ...children) {
  return build(document.createElement(tag), props, children);
}

/**
 * putNumber writes a number into an element, so that it does not wrap; one that is
 * shortened stands in the title in full.
 * @template {Element} E
 * @param {E} element @param {unknown} n
 */
export function putNumber(element, n) {
  const text = formatNumber(n);
  element.classList.add("number");
  if (element.textContent !== text) element.textContent = text;
  if (text === full(n)) element.removeAttribute("title");
  else element.setAttribute("title", full(n));
  return element;
}

/**
 * svg does the same for SVG.
 * @template {keyof SVGElementTagNameMap} Tag
 * @param {Tag} tag @param {Props | null} [props] @param {...Child | Child[]} children
 */
export function svg(tag, props, ...children) {
  return build(document.createElementNS("http://www.w3.org/2000/svg", tag), props, children);
}

/** byId returns an element of index.html. @param {string} id */
export function byId(id) {
  const element = document.getElementById(id);
  if (!element) throw new Error(`the page has no element with the id ${id}`);
  return element;
}
