// The set-up of devices and programs that read a feed.

import { copyText } from "../lib/copy.js";
import { feedClients } from "./feedclients.js";
import { el } from "../lib/text.js";
import { urlFor } from "../lib/urls.js";

/** copyButton copies a text. @param {string} text @param {string} label */
function copyButton(text, label) {
  const button = el("button", {
    type: "button", class: "button", "aria-label": `Copy: ${label}`, on: { click: () => copyText(button, text, "Copy failed: select it") },
  }, "Copy");
  return button;
}

/** code is a text to copy. @param {string} text @param {string} label */
const code = (text, label) => el("div", { class: "feeds-code" },
  el("pre", { class: "code", tabindex: "0", role: "region", "aria-label": label }, text), copyButton(text, label));

/** @param {SetupStep} step @param {string} title */
const stepOf = ({ text, fields, code: copied }, title) => el("li", null,
  el("p", null, text),
  fields && el("dl", { class: "feeds-fields" }, fields.map(([name, value]) => el("div", null,
    el("dt", null, name), el("dd", null, el("code", null, value), value.includes("://") && copyButton(value, `${name}, ${title}`))))),
  copied && code(copied, `for ${title}`));

/** createSetup returns a card, whose show shows the set-up for a feed. @param {{ state: State }} page */
export function createSetup({ state }) {
  const select = el("select", { on: { change: () => state.set({ client: select.value }) } },
    ...Object.entries(feedClients).map(([value, { title }]) => el("option", { value }, title)));
  const steps = el("ol", { class: "feeds-steps" });
  const insecure = el("p", { class: "note stale" }, "This page came over plain HTTP. Devices should use HTTPS: otherwise anyone on the way can read the token.");
  insecure.hidden = window.isSecureContext;
  const root = el("section", { class: "card", "aria-labelledby": "feeds-setup" },
    el("header", null, el("h3", { id: "feeds-setup" }, "Set up a device")),
    el("div", { class: "private-filter" }, el("label", { class: "field" }, el("span", null, "Device or program"), select)),
    insecure, steps);
  let feed = { name: "blocklist", public: false, limit: 0 };

  function draw() {
    const chosen = state.get("client");
    const client = Object.hasOwn(feedClients, chosen) ? chosen : Object.keys(feedClients)[0];
    select.value = client;
    const { title, steps: stepsOf } = feedClients[client];
    const needsToken = !feed.public || client === "crowdsec";
    steps.replaceChildren(
      ...(needsToken ? [el("li", null,
        el("p", null, "On the server, make a token for this client; replace NAME by what you call it. It is shown once: put it wherever TOKEN stands below."),
        code(`caddy peba feed token add NAME --feed ${feed.name}`, "command for the server"))] : []),
      ...stepsOf({ base: location.origin + urlFor(""), name: feed.name, open: feed.public, limit: feed.limit }).map((step) => stepOf(step, title)));
  }
  state.on("client", draw);
  draw();
  return {
    root,
    /** @param {{ name: string, public: boolean, limit: number }} shown */
    show(shown) {
      if (shown.name === feed.name && shown.public === feed.public && shown.limit === feed.limit) return;
      feed = shown;
      draw();
    },
  };
}
