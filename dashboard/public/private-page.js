// What the private pages have in common: a title, how old the data are, a button
// that asks again, and below it the data or what is the matter.

import { formatAge } from "./private-model.js";
import { repeat } from "./repeat.js";
import { el, printable } from "./text.js";

// The age is told to the second at first, later it is enough to be about right.
const ageEvery = 1_000;

let made = 0;

// once is for a page that asks again only when it is told to: the longest time
// that a browser's timer takes.
export const once = 2 ** 31 - 1;

// createPage returns a page. ask returns a promise, and draw shows its value in
// body; erase is called when nothing of it may be left.
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
  let trouble = "";

  function tick() {
    clearTimeout(timer);
    if (!shown || document.hidden) return;
    const told = askedAt ? `Updated ${formatAge((performance.now() - askedAt) / 1000)} ago` : "";
    age.textContent = [told, trouble].filter(Boolean).join(". ");
    timer = setTimeout(tick, ageEvery);
  }
  document.addEventListener("visibilitychange", tick);

  function showState(kind, text) {
    body.hidden = true;
    state.replaceChildren(el("p", { class: kind, role: kind === "fault" ? "alert" : "status" }, text));
  }

  const asking = repeat({
    every,
    ask,
    done(answer) {
      askedAt = performance.now();
      trouble = "";
      state.replaceChildren();
      body.hidden = false;
      draw(answer);
      tick();
    },
    failed(err, after) {
      const text = `${printable(err.message)}; trying again in ${Math.ceil(after / 1000)} s`;
      if (askedAt) trouble = `Not up to date: ${text}`;
      else showState("fault", text);
      tick();
    },
  });

  function clear() {
    askedAt = 0;
    trouble = "";
    age.textContent = "";
    erase();
    showState("wait", "Loading");
  }
  clear();

  return {
    root,
    focus: () => heading.focus(),
    // show: only what is looked at is asked for.
    show(yes) {
      shown = yes;
      if (yes) asking.start();
      else asking.stop();
      tick();
    },
    // renew drops what there is, and asks anew once it is shown.
    renew() {
      clear();
      asking.again();
    },
  };
}
