import assert from "node:assert/strict";
import { test } from "node:test";
import { cut, el, formatAlerts, formatNumber, formatRate, formatShare, formatTime, parseTime, printable, putNumber, unescapeRequest } from "../public/lib/text.js";

test("a request's entities are turned back once", () => {
  assert.equal(unescapeRequest("&lt;script&gt; &quot;a&quot; &#x27;b&#x27; &amp;lt;"), `<script> "a" 'b' &lt;`);
  assert.equal(unescapeRequest("&nbsp;&#60;"), "&nbsp;&#60;");
});

test("what does not print, or turns text round, is shown as an escape", () => {
  assert.equal(printable("a\u0000b\x1b[31m"), "a\\x00b\\x1b[31m");
  assert.equal(printable("\u202egpj.exe\u200b\ufeff"), "\\u{202e}gpj.exe\\u{200b}\\u{feff}");
  assert.equal(printable("Köln, 東京 🙂"), "Köln, 東京 🙂");
  assert.equal(printable("\ud800"), "\\u{d800}");
});

test("a cut text tells so, and ends in a whole character", () => {
  assert.equal(cut("abcdef", 6), "abcdef");
  assert.equal(cut("abcdefg", 6), "abcde…");
  assert.equal(cut("abc🙂def", 5), "abc…");
});

test("times are UTC, and say so", () => {
  assert.equal(formatTime("2026-11-26 15:04:05"), "2026-11-26 15:04:05 UTC");
  assert.equal(formatTime("2026-11-26 15:04:05", "clock"), "15:04:05 UTC");
  assert.equal(formatTime(new Date(Date.UTC(2026, 0, 2)), "date"), "2026-01-02");
  assert.equal(formatTime("<b>now</b>"), "–");
  assert.equal(parseTime("2026-13-40 00:00:00"), null);
});

test("numbers that are none do no harm", () => {
  assert.equal(formatRate("many"), "0");
  assert.equal(formatRate(3.14159), "3.1");
  assert.equal(formatShare(1, 0), "–");
});

test("one is not a plural", () => {
  assert.deepEqual([0, 1, 2, "1", 12_345_678].map(formatAlerts), ["0 alerts", "1 alert", "2 alerts", "1 alert", "12.3M alerts"]);
});

test("from ten million on a number is short, and in full in the title", () => {
  assert.equal(formatNumber(9_999_999), "9,999,999");
  assert.equal(formatNumber(10_000_000), "10M");
  assert.equal(formatNumber(12_345_678), "12.3M");
  assert.equal(formatNumber(4_321_000_000), "4.3B");
  assert.equal(formatRate(12_345_678), "12.3M");

  const classes = new Set();
  const attributes = {};
  const element = {
    textContent: "–", classList: classes,
    setAttribute: (name, value) => { attributes[name] = value; },
    removeAttribute: (name) => { delete attributes[name]; },
  };
  assert.equal(putNumber(element, 12_345_678), element);
  assert.deepEqual([element.textContent, attributes, [...classes]], ["12.3M", { title: "12,345,678" }, ["number"]]);
  putNumber(element, 5460);
  assert.deepEqual([element.textContent, attributes], ["5,460", {}]);
  putNumber(element, "many");
  assert.equal(element.textContent, "0");
});

test("an element takes no attribute that could do something", (t) => {
  const set = [];
  globalThis.document = {
    createElement: () => ({ setAttribute: (name, value) => set.push([name, value]), append: (...children) => set.push(children) }),
  };
  t.after(() => delete globalThis.document);
  for (const name of ["href", "src", "style", "onclick", "srcdoc", "formaction", "data-X", "xlink:href"]) {
    assert.throws(() => el("p", { [name]: "javascript:1" }), /not allowed/, name);
  }
  el("p", { title: "<b>", hidden: false, "aria-hidden": "true" }, "<i>", null, ["x"]);
  assert.deepEqual(set, [["title", "<b>"], ["aria-hidden", "true"], ["<i>", "x"]]);
});
