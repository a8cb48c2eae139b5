// Eight colors for the honeypot types: honeypots of one kind have the same color
// on the map, in charts and in the legend. The colors are in style.css.

const groupOfType = {
  // Dionaea gets a large part of all alerts, so it is a separate group.
  "Network(Dionaea)": 3,
};

// By what stands before the "(" of a type.
const groupOfKind = {
  "SSH/console": 1, LLM: 1,
  Webpage: 2, Web: 2,
  Network: 4, DDoS: 4, Multi: 4,
  Passwords: 5, RDP: 5, VNC: 5,
  Service: 6, Database: 6, "E-Mail": 6, VoIP: 6,
  Industrial: 7, Android: 7, Printer: 7,
};

const other = 8;

// groups are the colors' meanings, in order.
export const groups = [
  { color: "--series-1", name: "Shells" },
  { color: "--series-2", name: "Web" },
  { color: "--series-3", name: "Dionaea" },
  { color: "--series-4", name: "Network" },
  { color: "--series-5", name: "Logins" },
  { color: "--series-6", name: "Services" },
  { color: "--series-7", name: "Devices" },
  { color: "--series-8", name: "Other" },
];

/** @param {Record<string, number>} table @param {string} key */
const lookUp = (table, key) => (Object.hasOwn(table, key) ? table[key] : 0);

/** groupOf returns the group of a honeypot type. @param {unknown} analyzerType */
export function groupOf(analyzerType) {
  const type = String(analyzerType);
  const kind = type.split("(", 1)[0];
  return groups[(lookUp(groupOfType, type) || lookUp(groupOfKind, kind) || other) - 1];
}

/**
 * colorOf returns the name of the CSS variable, --series-1 to --series-8, that a
 * type is shown in.
 * @param {unknown} analyzerType
 */
export const colorOf = (analyzerType) => groupOf(analyzerType).color;

/** classOf returns the CSS class that sets `color` to it. @param {unknown} analyzerType */
export const classOf = (analyzerType) => colorOf(analyzerType).slice(2);
