// A page whose module is loaded when it is first looked at.

import { el } from "../lib/text.js";

/** createLazyPage returns a page that load makes. @param {() => Promise<PrivatePage>} load @returns {PrivatePage} */
export function createLazyPage(load) {
  const root = el("div");
  /** @type {PrivatePage | null} */
  let page = null;
  let loading = false;
  let shown = false;
  let focused = false;

  async function open() {
    loading = true;
    root.replaceChildren(el("p", { class: "wait", role: "status" }, "Loading"));
    try {
      page = await load();
    } catch {
      root.replaceChildren(el("div", { class: "fault", role: "alert" },
        el("p", null, "This page could not be loaded: the server cannot be reached, or has another version by now. Try again, or reload."),
        el("button", { type: "button", class: "button", on: { click: open } }, "Try again")));
      return;
    } finally {
      loading = false;
    }
    root.replaceChildren(page.root);
    page.show(shown);
    if (focused) page.focus();
  }

  return {
    root,
    focus() {
      focused = true;
      page?.focus();
    },
    show(yes) {
      shown = yes;
      if (!yes) focused = false;
      if (page) page.show(yes);
      else if (yes && !loading) void open();
    },
    renew: () => page?.renew(),
  };
}
