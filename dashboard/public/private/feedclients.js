// How to set up what reads a feed, step by step. Everything a step shows is made of the
// site's URL, the feed's name, which is of letters, digits, - and _, and these texts.

// Longest name of a set that the server takes.
const maxSet = 23;

/** setName returns the name of a feed's set in a firewall. @param {string} feed */
export const setName = (feed) => `peba_${feed.replaceAll("-", "_")}`.slice(0, maxSet);

/** listURL is the URL of a feed in a format: with the token, unless everyone may read it. @param {{ base: string, name: string, open: boolean }} feed @param {string} suffix */
const listURL = ({ base, name, open }, suffix) => `${base}/feeds/${open ? "" : "t/TOKEN/"}${name}.${suffix}`;

/** @param {string} set */
const script = (set) => `#!/bin/sh
# Loads a PEBA feed into nftables, and drops new connections from its addresses.
set -eu
PATH=$PATH:/usr/sbin:/sbin
list=$(mktemp)
trap 'rm -f "$list"' EXIT
FETCH
nft -f "$list"
nft -f - <<'RULES'
${["input", "forward"].map((hook) => `add chain inet peba ${set}_${hook} { type filter hook ${hook} priority -10; policy accept; }
flush chain inet peba ${set}_${hook}
add rule inet peba ${set}_${hook} ct state new ip saddr @${set}_v4 drop
add rule inet peba ${set}_${hook} ct state new ip6 saddr @${set}_v6 drop`).join("\n")}
RULES
`;

/** @type {Record<string, FeedClient>} */
export const feedClients = {
  pfsense: {
    title: "pfSense, OPNsense",
    steps: (feed) => [
      {
        text: "pfSense: Firewall > Aliases > URLs > Add. OPNsense: Firewall > Aliases > Add. Then enter:",
        fields: [["Name", setName(feed.name)], ["Type", "URL Table (IPs)"], ["URL, or Content", listURL(feed, "txt")],
          ["Update frequency", "pfSense: 1 (a day). OPNsense: 0 days, 0.25 hours"]],
      },
      {
        text: "Firewall > Rules > WAN: add a rule above those that pass traffic:",
        fields: [["Action", "Block"], ["Source", setName(feed.name)], ["Destination", "any"]],
      },
    ],
  },
  fortigate: {
    title: "FortiGate",
    steps: (feed) => [
      {
        text: "In the CLI, add the feed as an external resource:",
        code: `config system external-resource
    edit "peba-${feed.name}"
        set type address
        set resource "${feed.base}/feeds/${feed.name}.txt${feed.limit > 131_072 ? "?limit=131072" : ""}"
${feed.open ? "" : `        set username "peba"
        set password "TOKEN"
`}        set refresh-rate 5
    next
end`,
      },
      {
        text: "Add a policy; replace wan1 by your interface. Then move it above the policies that accept traffic:",
        code: `config firewall policy
    edit 0
        set name "peba-${feed.name}"
        set srcintf "wan1"
        set dstintf "any"
        set srcaddr "peba-${feed.name}"
        set dstaddr "all"
        set service "ALL"
        set schedule "always"
        set action deny
        set match-vip enable
    next
end`,
      },
      { text: "Before FortiOS 7.4.4 a list may have 131,072 entries, or 10 MB. While the server cannot be reached, FortiGate keeps its last copy." },
    ],
  },
  paloalto: {
    title: "Palo Alto",
    steps: (feed) => [
      {
        text: "In configuration mode, add the feed as an external dynamic list, and a rule; replace untrust by your zone:",
        code: `set external-list peba-${feed.name} type ip url ${listURL(feed, "txt")}
set external-list peba-${feed.name} type ip recurring five-minute
set rulebase security rules peba-${feed.name} from untrust to any source peba-${feed.name} destination any
set rulebase security rules peba-${feed.name} application any service any action deny
move rulebase security rules peba-${feed.name} top
commit`,
      },
      {
        text: "A firewall holds 50,000 or 150,000 addresses in all of its lists together, and skips the rest: see its data sheet, and append ?limit=N to the URL." +
          (feed.open ? "" : " If it uses a revoked token, it stops enforcing the list: enter a new token first, and then revoke the old one."),
      },
    ],
  },
  nftables: {
    title: "nftables",
    steps: (feed) => {
      const set = setName(feed.name);
      const url = `'${feed.base}/feeds/${feed.name}.nft?list=${set}'`;
      const fetched = feed.open ? `curl -fsS --max-time 60 -o "$list" ${url}`
        : `echo 'Authorization: Bearer TOKEN' | curl -fsS --max-time 60 -H @- -o "$list" ${url}`;
      return [
        {
          text: "As root, save a script that loads the feed. It needs curl 7.55 or newer:",
          code: `install -m 700 /dev/stdin /usr/local/sbin/${set} <<'EOF'\n${script(set).replace("FETCH", () => fetched)}EOF`,
        },
        { text: "Run it once. Then let cron run it every five minutes:", code: `/usr/local/sbin/${set}\necho '*/5 * * * * root /usr/local/sbin/${set}' > /etc/cron.d/${set}` },
        { text: "nft replaces the set in one transaction: if a download fails, the old set stays." },
      ];
    },
  },
  crowdsec: {
    title: "CrowdSec bouncers",
    steps: ({ base, name }) => [
      {
        text: "In the bouncer's configuration, such as /etc/crowdsec/bouncers/crowdsec-firewall-bouncer.yaml, replace these lines. A token is needed for public feeds, too:",
        code: `api_url: ${base}/crowdsec/${name}/\napi_key: TOKEN`,
      },
      { text: "Restart it:", code: "systemctl restart crowdsec-firewall-bouncer" },
      { text: "Give each bouncer a token of its own. A bouncer reads from one server only: if you also run the CrowdSec engine, install a second bouncer for the feed." },
    ],
  },
  opencti: {
    title: "OpenCTI",
    steps: ({ base, name, open }) => [
      {
        text: "Data > Ingestion > TAXII feeds > Add. Then start the feed in its menu:",
        fields: [["Name", `PEBA ${name}`], ["TAXII server URL", `${base}/taxii2/feeds/`], ["TAXII version", "TAXII 2.1"], ["TAXII collection", name],
          ...(open ? /** @type {[string, string][]} */ ([["Authentication type", "None"]])
            : /** @type {[string, string][]} */ ([["Authentication type", "Basic user / password"], ["Username", "peba"], ["Password", "TOKEN"]]))],
      },
      { text: `Other TAXII 2.1 clients: the discovery URL is ${base}/taxii2/, and the collection's alias is ${name}.` },
    ],
  },
  misp: {
    title: "MISP",
    steps: ({ base, name, open }) => [
      {
        text: "Sync Actions > Feeds > Add Feed:",
        fields: [["Enabled", "yes"], ["Name", `PEBA ${name}`], ["Provider", "PEBA"], ["Input Source", "Network"], ["URL", `${base}/misp/${name}`], ["Source Format", "MISP Feed"],
          ...(open ? [] : /** @type {[string, string][]} */ ([["Any headers to be passed with requests", "Authorization: Bearer TOKEN"]]))],
      },
      { text: "Fetch it once by its icon in the list of feeds. Then fetch it every hour by cron; replace 1 by your user's number:", code: "/var/www/MISP/app/Console/cake Server fetchFeed 1 all" },
    ],
  },
  other: {
    title: "Other formats",
    steps: (feed) => [
      {
        text: "The same feed in other formats; docs/FEEDS.md has what each program needs:",
        fields: /** @type {[string, string][]} */ ([
          ["Text", "txt"], ["CSV", "csv"], ["JSON", "json"], ["NDJSON", "ndjson"], ["ipset", "ipset"], ["MikroTik", "rsc"], ["F5 BIG-IP", "f5"],
          ["Juniper", "juniper"], ["Check Point", "checkpoint"], ["Suricata", "iprep"], ["Zeek", "zeek"], ["STIX 2.1", "stix.json"],
        ]).map(([name, suffix]) => [name, listURL(feed, suffix)]),
      },
      ...(feed.open ? [] : [{
        text: "Clients that can send headers should not have the token in the path. They send it as a Bearer token, in the header X-Api-Key, or as the password of HTTP Basic:",
        code: `curl -fsS -u peba:TOKEN ${feed.base}/feeds/${feed.name}.txt`,
      }]),
    ],
  },
};
