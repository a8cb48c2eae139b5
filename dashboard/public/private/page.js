// The common parts of private pages: a title, the age of the data, a refresh
// button, and the data or an error.

import { formatAge } from "./model.js";
import { repeat } from "../lib/repeat.js";
import { el, printable } from "../lib/text.js";

// The age is shown to the second at first, later it is enough to be about right.
const ageEvery = 1_000;

let made = 0;

// once is for a page that asks again only on request: the longest time
// that a browser's timer takes.
export const once = 2 ** 31 - 1;

/**
 * createPage returns a page. draw shows the answer of ask in body; erase is called when
 * nothing of it may be left.
 * @template Answer
 * @param {{
 *   title: string, every: number, ask: () => Promise<Answer>, draw: (answer: Answer) => void,
 *   erase: () => void, body: HTMLElement,
 * }} page
 * @returns {AskedPage}
 */
export function createPage({ title, every, ask, draw, erase, body }) {
  const id = `private-title-${++made}`;
  const heading = el("h3", { id, tabindex: "-1" }, title);
  const age = el("p", { class: "note" });
  const refresh = el("button", { type: "button", class: "button", on: { click: () => asking.again() } }, "Refresh");
  const state = el("div");
  const root = el("section", { class: "card", "aria-labelledby": id },
    el("header", null, heading, el("div", { class: "private-fresh" }, age, refresh)), state, body);

  let shown = false;
  let askedAt = 0; // of performance.now()
  let timer = 0;
  let problem = "";

  function tick() {
    clearTimeout(timer);
    if (!shown || document.hidden) return;
    const updated = askedAt ? `Updated ${formatAge((performance.now() - askedAt) / 1000)} ago` : "";
    age.textContent = [updated, problem].filter(Boolean).join(". ");
    timer = setTimeout(tick, ageEvery);
  }
  document.addEventListener("visibilitychange", tick);

  /** @param {"fault" | "wait"} kind @param {string} text */
  function showState(kind, text) {
    body.hidden = true;
    state.replaceChildren(el("p", { class: kind, role: kind === "fault" ? "alert" : "status" }, text));
  }

  const asking = repeat({
    every,
    ask,
    done(answer) {
      askedAt = performance.now();
      problem = "";
      state.replaceChildren();
      body.hidden = false;
      draw(answer);
      tick();
    },
    failed(err, after) {
      const text = `${printable(err.message)}; trying again in ${Math.ceil(after / 1000)} s`;
      if (askedAt) problem = `Out of date: ${text}`;
      else showState("fault", text);
      tick();
    },
  });

  function clear() {
    askedAt = 0;
    problem = "";
    age.textContent = "";
    erase();
    showState("wait", "Loading");
  }
  clear();

  return {
    root,
    focus: () => heading.focus(),
    /** show: only what is looked at is asked for. @param {boolean} yes */
    show(yes) {
      shown = yes;
      if (yes) asking.start();
      else asking.stop();
      tick();
    },
    renew() {
      clear();
      asking.again();
    },
    again: () => asking.again(),
  };
}
