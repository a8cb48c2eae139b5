// The networks that no feed lists: to look at, to add to, and to remove from.

import { allowancesOf, untilOf } from "./feedmodel.js";
import { createPage, once } from "./page.js";
import { ApiError, errorOf } from "../lib/errors.js";
import * as parts from "./parts.js";
import { cut, el, formatTime, printable } from "../lib/text.js";

const path = "/alert/feedAllow";
const notPermitted = "Your user may not change the allowed networks, since it is a read-only or community-only user. " +
  "Ask the operator to run: caddy peba feed allow NETWORK --reason TEXT";

/** faultOf says what went wrong, and what to do. @param {unknown} thrown */
function faultOf(thrown) {
  const err = errorOf(thrown);
  const status = err instanceof ApiError ? err.status : 0;
  const text = cut(printable(err.message), 300);
  if (status === 403) return notPermitted;
  if (status === 404) return `${text}. Somebody else may have removed it: refresh the list.`;
  if (status >= 400 && status < 500) return `${text}.`;
  return `Nothing was changed: ${text}. Try again in a moment.`;
}

/**
 * createAllowances returns a page of the allowed networks; changed is called after a change.
 * @param {{ api: Api, changed: () => void }} page @returns {PrivatePage}
 */
export function createAllowances({ api, changed }) {
  const network = el("input", { type: "text", autocomplete: "off", spellcheck: "false", maxlength: "60", required: true, placeholder: "192.0.2.0/24" });
  const reason = el("input", { type: "text", autocomplete: "off", maxlength: "500", required: true });
  const until = el("input", { type: "datetime-local" });
  const add = el("button", { type: "submit", class: "button primary" }, "Allow");
  const form = el("form", { class: "private-filter feeds-allow", "aria-label": "Allow a network", on: { submit } },
    el("label", { class: "field" }, el("span", null, "Address or network"), network),
    el("label", { class: "field" }, el("span", null, "Until (UTC), empty: no end"), until),
    el("label", { class: "field" }, el("span", null, "Reason"), reason),
    add);
  const refused = el("p", { class: "note", hidden: true }, notPermitted);
  const fault = el("p", { class: "private-fault", role: "alert" });
  const done = el("p", { class: "note", role: "status" });
  const rows = parts.body();
  const table = parts.table({
    className: "feeds-allowed",
    caption: el("caption", { class: "vh" }, "Allowed networks"),
    heads: ["Network", "Reason", "Until", "Change"].map((title) => parts.head("", title)),
    rows,
  });
  const empty = el("p", { class: "empty" }, "No network is allowed. Feeds list every address that their rules select.");
  const listing = parts.scroll("Allowed networks", table);
  let mayChange = true;

  const page = createPage({
    title: "Allowed networks",
    every: once,
    ask: async () => allowancesOf(await api.privateGet("/alert/feedAllowances", { ci: -1 })),
    body: el("div", null, empty, listing),
    draw(allowances) {
      rows.replaceChildren(...allowances.map(row));
      empty.hidden = allowances.length > 0;
      listing.hidden = allowances.length === 0;
    },
    erase() {
      rows.replaceChildren();
      if (api.session === null) reset();
    },
  });
  page.root.children[0].after(
    el("p", { class: "note" }, "No feed lists addresses of these networks, in any format, from the next computation on."),
    form, refused, fault, done);

  // reset forgets what was typed and said: the next user may be another one.
  function reset() {
    for (const input of [network, reason, until]) input.value = "";
    fault.textContent = "";
    done.textContent = "";
    permit(true);
  }

  /** @param {boolean} yes */
  function permit(yes) {
    mayChange = yes;
    form.hidden = !yes;
    refused.hidden = yes;
  }

  /** change makes a change, and says how it went. @param {() => Promise<void>} make @param {string} success */
  async function change(make, success) {
    fault.textContent = "";
    done.textContent = "";
    try {
      await make();
    } catch (err) {
      if (err instanceof ApiError && err.status === 403) permit(false);
      else fault.textContent = faultOf(err);
      page.again(); // which also finds out whether the login is still valid
      return false;
    }
    done.textContent = success;
    page.again();
    changed();
    return true;
  }

  /** @param {Event} event */
  async function submit(event) {
    event.preventDefault();
    if (add.disabled) return;
    add.disabled = true;
    const wanted = { cidr: network.value.trim(), reason: reason.value.trim(), until: untilOf(until.value) || undefined };
    const added = await change(() => api.privateChange("POST", path, {}, wanted),
      `${printable(wanted.cidr)} is allowed. Feeds drop it with their next computation, within minutes.`);
    add.disabled = false;
    if (!added) return;
    for (const input of [network, reason, until]) input.value = "";
    network.focus();
  }

  /** @param {FeedAllowance} allowance */
  function row(allowance) {
    const name = printable(allowance.network);
    const cell = parts.cell("Change", "feeds-change");
    const ask = el("button", { type: "button", class: "button", "aria-label": `Remove ${name}`, on: { click: confirm } }, "Remove");
    /** @param {Element[]} content @param {HTMLElement} focused */
    function show(content, focused) {
      cell.replaceChildren(...content);
      focused.focus();
    }
    function confirm() {
      const yes = el("button", { type: "button", class: "button", "aria-label": `Yes, remove ${name}`, on: { click: remove } }, "Yes, remove");
      const no = el("button", { type: "button", class: "button", "aria-label": `Keep ${name}`, on: { click: () => show([ask], ask) } }, "Keep");
      show([el("p", { class: "note", role: "status" }, "Feeds may list it again. Remove?"), yes, no], no);
    }
    async function remove() {
      for (const button of cell.querySelectorAll("button")) button.disabled = true;
      await change(() => api.privateChange("DELETE", path, { cidr: allowance.network }), `${name} is no longer allowed.`);
      page.focus();
    }
    if (mayChange) cell.append(ask);
    return parts.row("",
      el("th", { scope: "row", role: "rowheader", class: "code" }, name),
      parts.cell("Reason", "feeds-reason", cut(printable(allowance.reason), 500),
        el("span", { class: "note block" }, `by ${cut(printable(allowance.by), 120)} on ${formatTime(allowance.since).slice(0, 10)}`)),
      parts.cell("Until", "feeds-time", allowance.until ? formatTime(allowance.until) : "no end"),
      cell);
  }

  return page;
}
