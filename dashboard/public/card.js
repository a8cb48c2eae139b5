// A card: a title, and what the server answers to a question; until then what is
// the matter.

import { repeat } from "./repeat.js";
import { state } from "./state.js";
import { cut, el, printable } from "./text.js";

export const waitNote = () => el("p", { class: "wait" }, "Loading");

// emptyNote tells how alerts would come.
export function emptyNote() {
  if (state.get("ci") === "0") return el("p", { class: "empty" }, "No alerts of private users yet.");
  return el("p", { class: "empty" },
    "No alerts yet. Point a sensor here, or run ",
    el("code", null, `caddy peba simulate ${location.origin}`), ".");
}

// faultText is what went wrong, as a sentence.
export function faultText(err) {
  const text = cut(printable(err.message), 200);
  return `${text.slice(0, 1).toUpperCase()}${text.slice(1)}.`;
}

function faultNote(err, after, again) {
  return el("div", { class: "fault" },
    el("p", null, faultText(err)),
    el("p", { class: "note" }, `Trying again in ${Math.ceil(after / 1000)} seconds.`),
    el("button", { type: "button", class: "button", on: { click: again } }, "Try now"));
}

let made = 0;

// createCard returns a card whose draw makes the nodes that show an answer, or
// null if there is nothing to see, which the text `nothing` then tells. start,
// stop and again are those of repeat.
export function createCard({ title, name, every, ask, draw, nothing }) {
  const id = `card-${++made}`;
  const note = el("p", { class: "note" });
  const body = el("div", { class: "card-body" }, waitNote());
  const root = el("section", { class: `card ${name}`, "aria-labelledby": id },
    el("header", null, el("h3", { id }, title), note), body);
  let drawn = false;

  const asking = repeat({
    every,
    ask,
    done(answer) {
      // Somebody may be reading the table below a chart.
      const open = body.querySelector("details")?.open;
      const nodes = draw(answer, note);
      if (!nodes) note.textContent = "";
      body.replaceChildren(...(nodes ?? [nothing ? el("p", { class: "empty" }, nothing) : emptyNote()]));
      const details = body.querySelector("details");
      if (details && open) details.open = true;
      drawn = true;
    },
    failed(err, after) {
      if (!drawn) body.replaceChildren(faultNote(err, after, asking.again));
      else note.textContent = `Not up to date. ${faultText(err)}`;
    },
  });

  return {
    root,
    start: asking.start,
    stop: asking.stop,
    again() {
      drawn = false;
      body.replaceChildren(waitNote());
      asking.again();
    },
  };
}
