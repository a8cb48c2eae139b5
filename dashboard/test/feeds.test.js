// What the page of the feeds computes, and the set-ups that it offers.

import assert from "node:assert/strict";
import { test } from "node:test";
import { feedClients, setName } from "../public/private/feedclients.js";
import { allowancesOf, feedsOf, findingsOf, formatSpan, hoursOf, interactionText, scoreText, untilOf } from "../public/private/feedmodel.js";

test("spans are written in the largest unit that divides them", () => {
  assert.deepEqual([259_200, 86_400, 129_600, 3600, 5400, 90, 1].map(formatSpan),
    ["3 days", "1 day", "36 hours", "1 hour", "90 minutes", "90 seconds", "1 second"]);
});

test("answers are read in the types that the page expects", () => {
  const [feed] = feedsOf([{ name: "blocklist", size: "7", public: "yes", top: [{ ip: 5, types: "x", scoreParts: null }, null], history: {}, left: [null] }]);
  assert.deepEqual([feed.size, feed.public, feed.history, feed.left], [7, false, [], [{ ip: "", at: "" }]]);
  assert.deepEqual([feed.top.length, feed.top[0].ip, feed.top[0].types, feed.top[0].scoreParts.recency], [2, "", [], 0]);
  assert.throws(() => feedsOf({}), /not a list of feeds/);
  assert.deepEqual(findingsOf([{ name: "a", listed: null, left: null }]), [{ name: "a", listed: null, left: "" }]);
  assert.deepEqual(allowancesOf([{ network: "192.0.2.0/24", until: null }]), [{ network: "192.0.2.0/24", reason: "", by: "", since: "", until: "" }]);
  assert.deepEqual(allowancesOf(undefined), []);
});

test("a name that could be more than a name is left out, since scripts are made of it", () => {
  const names = ["a", "a-b_1", "", "A", "-a", "a b", "a;reboot", "$(id)", "a\n", "../a", "a".repeat(33), 7];
  assert.deepEqual(feedsOf(names.map((name) => ({ name }))).map(({ name }) => name), ["a", "a-b_1"]);
});

test("a score says what it is made of, and how far an attacker got has a word", () => {
  const [{ top: [listing] }] = feedsOf([{ name: "a", top: [{ scoreParts: { recency: 30, volume: 17, sensors: 10, days: 4, interaction: 5 } }] }]);
  assert.equal(scoreText(listing), "recency 30, alerts 17, sensors 10, days 4, interaction 5");
  assert.deepEqual(["", "attempt", "exploit", "toString"].map(interactionText), ["connection", "login attempt", "exploit", "toString"]);
});

const at = (hour) => new Date(Date.UTC(2026, 10, 29, hour)).toISOString().slice(0, 19).replace("T", " ");

test("a chart has the hours of a day at least and of a week at most, with gaps", () => {
  assert.deepEqual(hoursOf([]), { start: 0, hours: [] });
  assert.deepEqual(hoursOf([{ at: "nonsense" }]).hours, []);
  const one = hoursOf([{ at: at(12), size: 3 }]);
  assert.equal(one.hours.length, 24);
  assert.equal(one.hours[23].size, 3);
  assert.equal(new Date(one.start).toISOString(), "2026-11-28T13:00:00.000Z");
  const gap = hoursOf([{ at: at(0), size: 1 }, { at: at(40), size: 2 }]);
  assert.equal(gap.hours.length, 41);
  assert.deepEqual([gap.hours[0].size, gap.hours[1], gap.hours[40].size], [1, null, 2]);
  assert.equal(hoursOf([{ at: at(0) }, { at: at(24 * 365) }]).hours.length, 168);
});

test("the end of an allowance is taken as UTC", () => {
  assert.deepEqual(["2026-12-01T10:30", "2026-12-01T10:30:45", "", "tomorrow"].map(untilOf), ["2026-12-01T10:30:00Z", "2026-12-01T10:30:00Z", "", ""]);
});

const site = "https" + "://peba.example/x";
const textOf = (client, feed) => feedClients[client].steps({ base: site, limit: 50_000, open: false, ...feed })
  .flatMap(({ text, fields = [], code = "" }) => [text, ...fields.flat(), code]).join("\n");

test("each set-up has the site, the feed, and the token's place", () => {
  const urls = {
    pfsense: "/feeds/t/TOKEN/ssh.txt", fortigate: "/feeds/ssh.txt", paloalto: "/feeds/t/TOKEN/ssh.txt", nftables: "/feeds/ssh.nft?list=peba_ssh",
    crowdsec: "/crowdsec/ssh/", opencti: "/taxii2/feeds/", misp: "/misp/ssh", other: "/feeds/t/TOKEN/ssh.ndjson",
  };
  assert.deepEqual(Object.keys(feedClients), Object.keys(urls));
  for (const [client, path] of Object.entries(urls)) {
    const text = textOf(client, { name: "ssh" });
    assert.ok(text.includes(site + path), `${client} has no ${path}: ${text}`);
    assert.match(text, /TOKEN/, client);
    const open = textOf(client, { name: "ssh", open: true });
    assert.equal(/TOKEN/.test(open), client === "crowdsec", `${client} of a public feed`);
    assert.doesNotMatch(text + open, /undefined|FETCH|\[object/, client);
  }
});

test("sets have names that firewalls take, and lists no more than they read", () => {
  assert.equal(setName("ssh-only"), "peba_ssh_only");
  assert.equal(setName("a".repeat(32)).length, 23);
  assert.match(textOf("fortigate", { name: "a", limit: 500_000 }), /a\.txt\?limit=131072"/);
  assert.doesNotMatch(textOf("fortigate", { name: "a" }), /limit=/);
});
