// A card: a title, its window and age, and the server's answer to a question, or
// why there is none.

import { ageText, faultText, markAge, staleText } from "./age.js";
import { state } from "./state.js";
import { el } from "./text.js";
import { prefix, urlFor } from "./urls.js";

// The simulator's default path, without a prefix.
const sensorsPost = "/ews-0.1/alert/postSimpleMessage";

/** waitNote is the placeholder of an answer. */
export const waitNote = () => el("p", { class: "wait" }, "Loading");

/** emptyNote explains how to send alerts. */
export function emptyNote() {
  if (state.get("ci") === "0") return el("p", { class: "empty" }, "No alerts of private users yet.");
  return el("p", { class: "empty" },
    "No alerts yet. Point a sensor here, or run ",
    el("code", null, `caddy peba simulate ${location.origin}${prefix && urlFor(sensorsPost)}`), ".");
}

/** faultNote says why there is nothing to show, and offers a retry. @param {Fault} fault @param {() => void} again */
export function faultNote({ err, after }, again) {
  return el("div", { class: "fault" },
    el("p", null, faultText(err)),
    el("p", { class: "note" }, `Trying again in ${Math.ceil(after / 1000)} seconds.`),
    el("button", { type: "button", class: "button", on: { click: again } }, "Try now"));
}

let made = 0;

/**
 * createCard returns a card of a question (questions.js). window returns the time that
 * its answer is about, in words. draw makes the nodes that show an answer, or null
 * if there is nothing to see, which `nothing` then says.
 * @template Answer
 * @param {{
 *   title: string, name: string, question: Question<Answer>, window: () => string,
 *   draw: (answer: Answer, asOf: number) => Node[] | null, nothing?: string,
 * }} card
 */
export function createCard({ title, name, question, window, draw, nothing }) {
  const id = `card-${++made}`;
  const note = el("p", { class: "note" });
  const stale = el("p", { class: "note stale" });
  const body = el("div", { class: "card-body" }, waitNote());
  const root = el("section", { class: `card ${name}`, "aria-labelledby": id },
    el("header", null, el("h3", { id }, title), note, stale), body);
  /** @type {Found<Answer> | null} */
  let drawn = null;

  /** @param {Found<Answer>} found */
  function show(found) {
    if (found === drawn) return;
    drawn = found;
    // A user may be reading the table below a chart.
    const open = body.querySelector("details")?.open;
    const nodes = draw(found.answer, found.asOf);
    body.replaceChildren(...(nodes ?? [nothing ? el("p", { class: "empty" }, nothing) : emptyNote()]));
    const details = body.querySelector("details");
    if (details && open) details.open = true;
  }

  const { start, stop } = question.part((status) => {
    note.textContent = ageText(window(), status);
    stale.textContent = staleText(status);
    markAge(root, status);
    if (status.found) {
      show(status.found);
      return;
    }
    drawn = null;
    body.replaceChildren(status.fault ? faultNote(status.fault, question.again) : waitNote());
  });
  return { root, start, stop };
}
