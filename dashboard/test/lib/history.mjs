// Alerts of the last weeks, so that charts have something to show. They are the
// same in every run, but for the time.

import { alertXML, messageXML } from "./messages.mjs";

const day = 86_400_000;

// How often each honeypot is attacked, on which port, and for what.
const honeypots = [
  { analyzer: "dionaea", port: 445, share: 30 },
  { analyzer: "cowrie", port: 22, share: 26 },
  { analyzer: "honeytrap", port: 8728, share: 14 },
  { analyzer: "tanner", port: 80, share: 11, urls: ["/", "/wp-login.php", "/.env", "/boaform/admin/formLogin", "/cgi-bin/luci", "/actuator/health", "/.git/config", "/phpmyadmin/", "/shell?cd+/tmp", "/solr/admin"] },
  { analyzer: "heralding", port: 5900, share: 8 },
  { analyzer: "elasticpot", port: 9200, share: 4 },
  { analyzer: "conpot", port: 102, share: 3 },
  { analyzer: "adbhoney", port: 5555, share: 2 },
  { analyzer: "sentrypeer", port: 5060, share: 2 },
];
const slots = honeypots.flatMap((honeypot) => Array.from({ length: honeypot.share }, () => honeypot));

// busiest attacks more than any other.
export const busiest = "218.92.0.107";

// Where sensors stand.
const targets = ["80.69.100.196", "5.9.20.30", "51.15.40.7", "133.11.9.8", "13.228.4.5", "200.160.2.3", "203.2.75.132", "41.203.10.9", "193.0.6.139"];

// numbers returns a source of numbers from 0 to below 1, the same each time.
function numbers(seed) {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

// historyXML returns messages with alerts of the last 28 days, more at some times
// than at others.
export function historyXML(messages) {
  const next = numbers(7);
  const now = Date.now();
  const pick = (list) => list[Math.floor(next() ** 1.6 * list.length)];
  return Array.from({ length: messages }, (_, m) => messageXML(...Array.from({ length: 100 }, (_, i) => {
    const { analyzer, port, urls } = slots[Math.floor(next() * slots.length)];
    const age = (next() * 0.7 + next() * 0.3 * (0.5 + Math.sin(next() * 9) / 2)) * 27.9 * day;
    const source = next() < 0.08 ? busiest
      : [pick([218, 5, 45, 185, 61, 103, 193, 89, 141, 212]), 1 + Math.floor(next() * 60), Math.floor(next() * 250), 1 + Math.floor(next() * 250)].join(".");
    return alertXML({
      analyzer: `${analyzer}-community-0${1 + Math.floor(next() * 6)}`, source, target: pick(targets), port, at: new Date(now - age),
      requests: urls ? { url: pick(urls) } : {}, data: { sessionid: `${m}-${i}`, hostname: `sensor-${1 + Math.floor(next() * 9)}` },
    });
  })));
}
