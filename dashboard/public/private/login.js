// The login of the private pages.

import { ApiError, errorOf } from "../lib/errors.js";
import { el, printable } from "../lib/text.js";

/** @type {Record<number, string>} */
const faults = {
  403: "Wrong user or token.",
  404: "This server does not answer private questions.",
};

/** createLogIn returns a form that logs in. @param {{ api: Api }} page */
export function createLogIn({ api }) {
  const user = el("input", { id: "login-user", name: "user", type: "text", autocomplete: "username", spellcheck: "false", required: true });
  const token = el("input", { id: "login-token", name: "token", type: "password", autocomplete: "current-password", required: true });
  const button = el("button", { type: "submit", class: "button primary" }, "Log in");
  const fault = el("p", { class: "private-fault", role: "alert" });
  const refused = api.logInRefused();
  const root = el("form", { class: "card private-login", "aria-labelledby": "login-title", on: { submit } },
    el("h3", { id: "login-title" }, "Log in"),
    el("p", { class: "note" }, "For users added by the operator: ",
      el("code", null, "caddy peba user add NAME"), ". They see source addresses and sensors."),
    el("label", { class: "field", for: "login-user" }, "User", user),
    el("label", { class: "field", for: "login-token" }, "Token", token),
    fault, button,
    el("p", { class: "note" }, "The token stays in this page until you log out, reload or leave. It is not kept in the browser."));
  if (refused) {
    fault.textContent = refused;
    for (const control of [user, token, button]) control.disabled = true;
  }

  /** The browser itself sends no form: the page's policy forbids it. @param {Event} event */
  async function submit(event) {
    event.preventDefault();
    if (button.disabled) return;
    button.disabled = true;
    fault.textContent = "";
    try {
      await api.logIn(user.value, token.value);
      user.value = "";
    } catch (err) {
      const known = err instanceof ApiError ? faults[err.status] : undefined;
      fault.textContent = known ?? `${printable(errorOf(err).message)}.`;
      token.focus();
    } finally {
      token.value = "";
      button.disabled = false;
    }
  }

  return {
    root,
    focus: () => user.focus(),
    /** showFault shows why there is no log-in any more. @param {string} text */
    showFault: (text) => { fault.textContent = text; },
  };
}
