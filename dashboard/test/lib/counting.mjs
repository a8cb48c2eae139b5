// Counters beside a server in miniature, and what must be true of them.

import assert from "node:assert/strict";
import { mountCounters } from "../../public/live/counters.js";
import { createTraffic, epoch } from "./traffic.mjs";

export { epoch };
export const hour = 3600;
export const day = 86_400;

// counting mounts counters beside a server.
export function counting(t) {
  const server = createTraffic(t);
  const { page, api, state, feed } = server;
  const parts = { list: page.element(), asOf: page.element(), fault: page.element(), spoken: page.element() };
  const counters = mountCounters(parts, { api, state, feed });
  const dds = parts.list.all("dd").slice(1);
  const texts = () => dds.map((dd) => dd.textContent);
  const numbers = () => texts().map((text) => Number(text.replaceAll(",", "")));
  const second = () => Number(dds[0].attributes["data-second"]);

  // right fails unless each figure is the count of the window that it names.
  function right(when) {
    const figures = numbers();
    dds.forEach(({ attributes }, i) => {
      const [since, until] = [Number(attributes["data-since"]), Number(attributes["data-second"])];
      assert.equal(until, second(), `${when}: figure ${i} is of another second`);
      assert.ok(until - since >= [60, 300, hour, day][i] && until - since < [60, 300, hour, day][i] + 40, `${when}: figure ${i} has ${until - since} seconds`);
      assert.equal(figures[i], server.count(since, until), `${when}: figure ${i}`);
    });
    assert.deepEqual([...figures].sort((a, b) => a - b), figures, when);
    assert.equal(parts.asOf.textContent, `As of ${new Date(second() * 1000).toISOString().slice(11, 19)} UTC`);
    assert.equal(parts.fault.textContent, "");
  }

  // fresh fails unless the figures are those of a moment ago.
  const fresh = (when) => assert.ok(server.now() - second() <= 2.5, `${when}: ${server.now() - second()} seconds old`);

  function unknown(pattern, when) {
    assert.deepEqual(texts(), ["–", "–", "–", "–"], when);
    for (const { attributes } of dds) assert.deepEqual([attributes["data-second"], attributes["data-since"], attributes.title], [undefined, undefined, undefined]);
    assert.equal(parts.asOf.textContent, "");
    assert.match(parts.fault.textContent, pattern, when);
  }

  // each calls check after each of n seconds.
  async function each(n, check) {
    for (let i = 0; i < n; i++) {
      await page.pass(1000);
      check(`second ${i}`);
    }
  }
  return { server, page, counters, parts, texts, numbers, second, right, fresh, unknown, each };
}
