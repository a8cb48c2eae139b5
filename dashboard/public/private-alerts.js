// The newest alerts, with everything that is known of them.

import { createAlertList } from "./private-list.js";
import { alertsOf } from "./private-model.js";
import { createPage, once } from "./private-page.js";
import { formatNumber } from "./text.js";

export function createAlertsPage({ api, openAddress }) {
  const list = createAlertList({
    label: "The newest alerts",
    time: { key: "received", title: "Arrived" },
    sources: true,
    openAddress,
    introduce: (n) => (n === 0 ? "There are no alerts yet" : `The newest ${formatNumber(n)} alerts`),
  });
  return createPage({
    title: "Latest alerts",
    every: once,
    ask: async () => alertsOf(await api.privateGet("/alert/retrieveAlertsCyber", { out: "json" })),
    body: list.root,
    draw: list.show,
    erase: list.erase,
  });
}
