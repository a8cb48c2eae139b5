// Lists of alerts as the server tells them to users: in XML.

const childText = (element, name) => {
  for (const child of element?.children ?? []) {
    if (child.localName === name) return child.textContent;
  }
  return "";
};

const child = (element, name) => [...element.children].find((c) => c.localName === name);

// parseAlerts reads a list into plain objects; nothing of the document is kept.
export function parseAlerts(text) {
  const document = new DOMParser().parseFromString(text, "application/xml");
  if (document.documentElement.localName !== "EWSSimpleAlertInfo" || document.querySelector("parsererror")) {
    throw new Error("the server's answer is no list of alerts");
  }
  return [...document.getElementsByTagName("Alert")].map((alert) => {
    const peer = child(alert, "Peer");
    const source = child(alert, "Source");
    return {
      time: childText(alert, "DateCreated"),
      request: childText(alert, "Request"),
      sensor: childText(peer, "Id"),
      type: childText(peer, "Type"),
      targetCountry: childText(peer, "Country"),
      address: childText(source, "Address"),
      country: childText(source, "Country"),
    };
  });
}
