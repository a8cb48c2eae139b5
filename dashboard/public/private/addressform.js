// The form for the address that pages of users share in the state.

import { isAddress } from "./model.js";
import { el } from "../lib/text.js";

/**
 * createAddressForm returns a form that sets the state's address, or calls again if it is
 * the same.
 * @param {{ state: State, id: string, label: string, again: () => void }} options id is that of the input
 */
export function createAddressForm({ state, id, label, again }) {
  const input = el("input", {
    type: "text", id, autocomplete: "off", spellcheck: "false", maxlength: "45", required: true,
    "aria-describedby": `${id}-fault`, on: { input: () => showFault("") },
  });
  const fault = el("p", { class: "private-fault", id: `${id}-fault`, role: "alert" });
  const form = el("form", { class: "private-filter", on: { submit } },
    el("label", { class: "field" }, el("span", null, label), input),
    el("button", { type: "submit", class: "button primary" }, "Look up"), fault);

  /** @param {string} text */
  function showFault(text) {
    fault.textContent = text;
    input.setAttribute("aria-invalid", String(text !== ""));
  }

  /** @param {Event} event */
  function submit(event) {
    event.preventDefault();
    const ip = input.value.trim();
    if (!isAddress(ip)) {
      showFault("Not an IP address: enter an IPv4 address, such as 192.0.2.1, or an IPv6 address, such as 2001:db8::1.");
      input.focus();
      return;
    }
    if (ip === state.get("ip")) again();
    else state.set({ ip });
  }

  /** reset shows the state's address again. */
  function reset() {
    input.value = state.get("ip");
    showFault("");
  }

  return { form, reset };
}
