// The latest alerts, newest on top. At a high rate it shows a selection: nobody
// could read all of them.

import { ageText, markAge, staleText } from "../lib/age.js";
import { emptyNote, faultNote, waitNote } from "../lib/card.js";
import { nameOf } from "../lib/names.js";
import { classOf } from "../lib/palette.js";
import { latestRows } from "../lib/questions.js";
import { createTicker } from "../lib/repeat.js";
import { cut, el, formatTime, printable, unescapeRequest } from "../lib/text.js";

const addEvery = 900;
const maxAdded = 3;

/** @param {StreamAlert} alert */
function row(alert) {
  const request = cut(printable(unescapeRequest(alert.requestString ?? "")), 300);
  const type = String(alert.analyzerType ?? "");
  return el("li", { class: `alert ${classOf(type)}` },
    el("p", { class: "alert-head" },
      el("span", { class: "alert-places cut" },
        nameOf(alert.country, alert.countryName), el("span", { class: "to" }, " to "), nameOf(alert.targetCountry)),
      el("span", { class: "alert-type cut" }, cut(printable(type), 60))),
    el("p", { class: "alert-what" },
      el("span", { class: "code cut", title: request }, request || "–"),
      el("time", { class: "number" }, formatTime(alert.dateCreated ?? "", "clock").replace(" UTC", ""))));
}

/** without returns those alerts that are not among others. @param {StreamAlert[]} alerts @param {StreamAlert[]} others */
function without(alerts, others) {
  const ids = new Set(others.map(({ id }) => id));
  return alerts.filter(({ id }) => !ids.has(id));
}

/**
 * newestFirst puts alerts of the list and of the stream in one order. Times are
 * whole seconds: within one the order stays.
 * @param {StreamAlert[]} alerts
 */
function newestFirst(alerts) {
  /** @param {StreamAlert} alert */
  const time = (alert) => String(alert.dateCreated ?? "");
  return alerts.sort((a, b) => Number(time(a) < time(b)) - Number(time(a) > time(b)));
}

/**
 * mountLatest fills the section. note says when the list was read from the server,
 * and what is left out since, or that it waits for a reader.
 * @param {HTMLElement} section @param {Element} note @param {{ questions: Questions, state: State, feed: Feed }} page
 * @returns {Part}
 */
export function mountLatest(section, note, { questions, state, feed }) {
  const list = el("ol", { class: "alerts", "aria-labelledby": "latest-title", tabindex: "0" });
  const message = el("div", null, waitNote());
  section.append(message, list);

  /** @type {StreamAlert[]} */
  let shown = []; // newest first, as the rows
  /** @type {StreamAlert[]} */
  let waiting = []; // newest last
  let skipped = 0;
  /** @type {Status<Answers["/alert/retrieveAlertsJson"]>} */
  let status = { found: null, fault: null, now: 0 };
  /** @type {typeof status.found} */
  let taken = null; // the answer that the list has taken in

  const read = () => list.matches(":hover") || list.matches(":focus-within");

  function showNote() {
    let text = `The newest ${latestRows}, times in UTC`;
    if (read() && shown.length > 0) text = "Paused while you read";
    else if (skipped > 0) text = "A sample, times in UTC";
    note.textContent = ageText(text, { ...status, found: taken });
    markAge(section, { found: taken });
  }

  // take updates the list from the server's answer, unless a user is reading
  // it.
  function take() {
    if (status.found === taken || (status.found && shown.length > 0 && read())) return;
    taken = status.found;
    if (!taken) {
      clear(); // of another domain, or for somebody who has logged out
      return;
    }
    const alerts = (taken.answer?.alerts ?? []).slice(0, latestRows);
    // Alerts arrived while there was no stream or the page was hidden.
    show(newestFirst([...shown, ...without(alerts, shown)]));
  }

  function clear() {
    waiting = [];
    skipped = 0;
    show([]);
  }

  /** show makes the rows be those of alerts; those that stay are left in peace. @param {StreamAlert[]} alerts */
  function show(alerts) {
    const rows = new Map(shown.map((alert, i) => [alert, list.children[i]]));
    shown = alerts.slice(0, latestRows);
    const kept = new Set(shown);
    for (const [alert, old] of rows) if (!kept.has(alert)) old.remove();
    shown.forEach((alert, i) => {
      const item = rows.get(alert) ?? row(alert);
      if (list.children[i] !== item) list.insertBefore(item, list.children[i] ?? null);
    });
    showMessage();
  }

  // showMessage shows a problem of the list, if any.
  function showMessage() {
    const stale = staleText(status);
    if (stale) message.replaceChildren(el("p", { class: "note stale" }, stale));
    else if (shown.length > 0) message.replaceChildren();
    else if (status.fault) message.replaceChildren(faultNote(status.fault, questions.latest.again));
    else message.replaceChildren(status.found ? emptyNote() : waitNote());
  }

  function add() {
    take();
    showNote();
    if (waiting.length === 0 || read()) return;
    const news = without(waiting.splice(0).reverse(), shown);
    skipped = Math.max(0, news.length - maxAdded);
    show([...news.slice(0, maxAdded), ...shown]);
  }

  const asking = questions.latest.part((next) => {
    status = next;
    take();
    showMessage();
    showNote();
  });

  feed.on("alert", (alert) => {
    waiting.push(alert);
    if (waiting.length > latestRows) waiting.shift();
  });
  state.on("ci", clear);
  document.addEventListener("visibilitychange", questions.latest.again);
  for (const type of ["pointerenter", "pointerleave", "focusin", "focusout"]) list.addEventListener(type, showNote);
  showNote();

  const adding = createTicker(addEvery, add);
  return {
    start() {
      asking.start();
      adding.start();
    },
    stop() {
      asking.stop();
      adding.stop();
    },
  };
}
