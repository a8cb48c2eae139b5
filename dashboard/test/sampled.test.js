import assert from "node:assert/strict";
import { test } from "node:test";
import { mountSampled, sampledText } from "../public/live/sampled.js";
import { fakeFeed, fakePage } from "./lib/fake.mjs";

test("what part is shown is said only when it is a part", () => {
  assert.equal(sampledText({ perSecond: 2000, shown: 50 }), "50 of 2,000 per second shown");
  assert.equal(sampledText({ perSecond: 114.3, shown: 14.3 }), "14 of 114 per second shown");
  for (const all of [{ perSecond: 0, shown: 0 }, { perSecond: 50, shown: 50 }, { perSecond: 20.1, shown: 20 }, { perSecond: 1, shown: 2 }]) {
    assert.equal(sampledText(all), "");
  }
});

test("the note goes with the rate, and with the stream", (t) => {
  const note = fakePage(t).element();
  const feed = fakeFeed();
  mountSampled(note, { feed });
  const shown = () => (note.hidden ? "" : note.textContent);
  feed.say("rate", { perSecond: 2000, shown: 50 });
  assert.equal(shown(), "50 of 2,000 per second shown");
  feed.say("status", "down");
  assert.equal(shown(), "");
  feed.say("status", "live");
  assert.equal(shown(), "50 of 2,000 per second shown");
  feed.say("rate", { perSecond: 12, shown: 12 });
  assert.equal(shown(), "");
});
