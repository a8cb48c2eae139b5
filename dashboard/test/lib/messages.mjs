// Messages as sensors send them.

import { community } from "./server.mjs";

const references = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&apos;" };

const escaped = (text) => text.replace(/[&<>"']|[^\t\n\x20-\x7e]/gu,
  (c) => references[c] ?? `&#${c.codePointAt(0)};`);

// timeOf writes a Date as sensors do.
const timeOf = (date) => date.toISOString().slice(0, 19).replace("T", " ");

// alertXML is one alert. requests are by their type, data by their meaning.
export function alertXML({ analyzer, source, target = "80.69.100.196", at = new Date(), port = 22, requests = {}, data = {} }) {
  return `<Alert><Analyzer id="${escaped(analyzer)}"/><CreateTime tz="+0000">${timeOf(at)}</CreateTime>` +
    `<Source category="ipv4" port="43288" protocol="tcp">${source}</Source>` +
    `<Target category="ipv4" port="${port}" protocol="tcp">${target}</Target>` +
    Object.entries(requests).map(([type, text]) => `<Request type="${type}">${escaped(text)}</Request>`).join("") +
    Object.entries(data).map(([meaning, text]) =>
      `<AdditionalData type="string" meaning="${escaped(meaning)}">${escaped(text)}</AdditionalData>`).join("") +
    "</Alert>";
}

export const messageXML = (...alerts) =>
  `<EWS-SimpleMessage version="3.0"><Authentication><username>${community.user}</username>` +
  `<token>${escaped(community.token)}</token></Authentication>${alerts.join("")}</EWS-SimpleMessage>`;
