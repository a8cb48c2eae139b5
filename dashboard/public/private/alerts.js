// The newest alerts with all fields.

import { createAlertList } from "./list.js";
import { alertsOf } from "./model.js";
import { createPage, once } from "./page.js";
import { formatNumber } from "../lib/text.js";

/** @param {{ api: Api, openAddress: (ip: string) => void }} page @returns {PrivatePage} */
export function createAlertsPage({ api, openAddress }) {
  const list = createAlertList({
    label: "The newest alerts",
    time: { key: "received", title: "Arrived" },
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
