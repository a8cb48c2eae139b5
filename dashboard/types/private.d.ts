// What the private pages show. A text that the sensor did not send is "".

interface Endpoint {
  address: string;
  port: string;
  country: string;
  countryName: string;
  as: string;
  lat: string;
  lng: string;
}

interface PrivateAlert {
  id: string;
  /** "YYYY-MM-DD HH:MM:SS", by the sensor's clock, and by the server's. */
  created: string;
  received: string;
  community: boolean;
  type: string;
  analyzer: string;
  source: Endpoint;
  target: Endpoint;
  transport: string;
  sensor: { id: string; uuid: string; hostname: string; externalIP: string; internalIP: string };
  request: string;
  raw: string;
  username: string;
  password: string;
  login: string;
  client: string;
  cve: string;
  payloadHash: string;
  session: { id: string; start: string; end: string };
  data: [name: string, value: string][];
}

interface Sensor {
  id: string;
  uuid: string;
  hostname: string;
  version: string;
  /** "YYYY-MM-DD HH:MM:SS". */
  firstSeen: string;
  lastSeen: string;
  analyzers: string[];
  unclassified: string[];
  /** Counts by reason. */
  refused: Record<string, number>;
  accepted: number;
  lastHour: number;
  /** Counts of the hours to now. */
  perHour: number[];
  community: boolean;
  quiet: boolean;
  /** Seconds by which alerts typically arrive late, null if that is not known. */
  delay: number | null;
  /** What is the matter with its clock. */
  clock: string;
}

/** A page of the private tab. */
interface PrivatePage {
  root: HTMLElement;
  focus(): void;
  /** show: only what is looked at is asked for. */
  show(yes: boolean): void;
  /** renew drops what there is, and asks again once it is shown. */
  renew(): void;
}

/** A private page that shows the answer to a question. */
interface AskedPage extends PrivatePage {
  /** again asks now; what there is stays until the answer. */
  again(): void;
}

type PageName = Values["page"];
type Fact = [name: string, value: string];
type SensorOrder = "sensor" | "lastSeen" | "accepted" | "refused" | "lastHour" | "clock" | "version";
/** What may be the matter with a sensor. */
type SensorKind = "quiet" | "timezone" | "wrong" | "delayed" | "unknown";
