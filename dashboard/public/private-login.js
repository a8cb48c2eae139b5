// The log-in of the private pages.

import { el, printable } from "./text.js";

const faults = {
  403: "Wrong user or token.",
  404: "This server does not answer private questions.",
};

// createLogIn returns a form that logs in.
export function createLogIn({ api }) {
  const user = el("input", { id: "login-user", name: "user", type: "text", autocomplete: "username", spellcheck: "false", required: true });
  const token = el("input", { id: "login-token", name: "token", type: "password", autocomplete: "current-password", required: true });
  const button = el("button", { type: "submit", class: "button primary" }, "Log in");
  const fault = el("p", { class: "private-fault", role: "alert" });
  const refused = api.logInRefused();
  const root = el("form", { class: "card private-login", "aria-labelledby": "login-title", on: { submit } },
    el("h3", { id: "login-title" }, "Log in"),
    el("p", { class: "note" }, "For users whom the operator added: ",
      el("code", null, "caddy peba user add NAME"), ". They see source addresses and sensors."),
    el("label", { class: "field", for: "login-user" }, "User", user),
    el("label", { class: "field", for: "login-token" }, "Token", token),
    fault, button,
    el("p", { class: "note" }, "The token stays in this page until you log out, reload or leave. It is not kept in the browser."));
  if (refused) {
    fault.textContent = refused;
    for (const control of [user, token, button]) control.disabled = true;
  }

  // The browser itself sends no form: the page's policy forbids it.
  async function submit(event) {
    event.preventDefault();
    if (button.disabled) return;
    button.disabled = true;
    fault.textContent = "";
    try {
      await api.logIn(user.value, token.value);
      user.value = "";
    } catch (err) {
      fault.textContent = faults[err.status] ?? `${printable(err.message)}.`;
      token.focus();
    } finally {
      token.value = "";
      button.disabled = false;
    }
  }

  return {
    root,
    focus: () => user.focus(),
    tell: (text) => { fault.textContent = text; },
  };
}
