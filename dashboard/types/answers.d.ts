// The server's answers to the questions that the page asks, by path; docs/API.md describes
// all of them. A member that the page does without is optional here. Texts may be an
// attacker's, and counts may come as strings.

type Count = number | string;

interface Answers {
  "/alert/TpotStats": TpotStats;
  "/alert/datasetAlertTypesPerMonth": [{ datasetAlertsPerMonth?: TypesByDay }?];
  "/alert/replay": { count: number; alerts: StreamAlert[] };
  "/alert/replayDay": ReplayDay;
  "/alert/replayPlaces": { places: HeatPlace[] };
  "/alert/retrieveAlertStats": Record<string, unknown>;
  "/alert/retrieveAlertsCountWithType": CountByType;
  "/alert/retrieveAlertsJson": { alerts?: StreamAlert[] };
  "/alert/retrieveLatLonAttacks": [{ latLonAttacks?: CountedPlace[] }?];
  "/alert/topCountriesAttacks": [{ attacksPerCountry?: CountryCount[]; attacksToTargetCountry?: CountryCount[] }?];
  "/alert/tops": Tops;
}

interface PrivateAnswers {
  "/alert/enrichment": Enrichment;
  "/alert/feedAllowances": Unchecked<FeedAllowance>[];
  "/alert/feedLookup": { feeds?: Unchecked<FeedFinding>[]; allowed?: Unchecked<FeedAllowance>[] };
  "/alert/feeds": Unchecked<FeedSummary>[];
  "/alert/querySingleIP": PrivateAlertList;
  "/alert/retrieveAlertsCyber": PrivateAlertList;
  "/alert/sensors": SensorsAnswer;
}

/** Counts by honeypot type. */
type ByType = Record<string, Count>;

/** Counts by type, by day as "YYYY-MM-DD 00:00:00". */
type TypesByDay = Record<string, ByType>;

interface CountByType {
  AlertCountTotal: Count;
  AlertCountPerType?: ByType;
}

/** Counts by time as "YYYY-MM-DD HH:MM:SS", and their sum. */
type Buckets = Record<string, Count> & { total: Count };

/** Buckets by port, or by URL. */
type Tops = Record<string, Buckets>;

interface TpotStats {
  communityHoneypots?: {
    totalNumberAlerts?: Count;
    totalNumberHoneypots?: Count;
    totalNumberDaemons?: Count;
    numberAlertsPerType?: ByType;
    numberHoneypotsPerType?: ByType;
  };
}

interface CountryCount {
  /** Two letters of ISO 3166. */
  code: string;
  country: string;
  count: Count;
}

/** A place of a ranking: degrees, as strings or numbers. */
interface CountedPlace {
  lat: Count;
  lng: Count;
  count: Count;
}

interface HeatPlace {
  lat: Count;
  lng: Count;
  count: number;
}

interface ReplayDay {
  /** Counts of the day's steps of five minutes. */
  alerts: number[];
  /** "YYYY-MM-DD HH:MM:SS": what arrived before is not kept any more. */
  keptFrom?: string;
}

/** An alert of the stream, of the list of the newest, and of a replay. */
interface StreamAlert {
  id: string;
  /** "YYYY-MM-DD HH:MM:SS", UTC. */
  dateCreated: string;
  analyzerType: string;
  requestString?: string;
  country: string;
  countryName?: string;
  targetCountry: string;
  sourceLat: Count;
  sourceLng: Count;
  destLat: Count;
  destLng: Count;
}

/** What the stream sends besides alerts. */
interface Rate {
  /** Alerts a second: all, and those that the stream sends. */
  perSecond: number;
  shown: number;
}
interface Counts {
  /** Unix seconds. */
  from: number;
  /** Alerts that arrived in each second from then on. */
  counts: number[];
}
interface StreamEvents {
  alert: StreamAlert;
  rate: Rate;
  count: Counts;
  store: { available: boolean };
}

interface PrivateAlertList {
  alerts?: Unchecked<PrivateAlert>[];
}

interface Enrichment {
  alerts?: Count;
  /** "YYYY-MM-DD HH:MM:SS", by arrival. */
  first?: string;
  last?: string;
  country?: string;
  countryName?: string;
  as?: string;
  note?: string;
  perDay?: Record<string, Count>;
  types?: ByType;
  ports?: TopEntries;
  sensors?: TopEntries;
  credentials?: TopEntries;
  cves?: TopEntries;
}

interface TopEntries {
  distinct?: Count;
  top?: TopEntry[];
}

/** One of TopEntries: of the members, those of its ranking. */
interface TopEntry {
  alerts: Count;
  port?: string;
  id?: string;
  hostname?: string;
  username?: string;
  password?: string;
  cve?: string;
}

interface SensorsAnswer {
  sensors: Unchecked<Sensor>[];
  complete?: boolean;
  /** Senders that are not listed. */
  others?: { accepted: number; refused?: Record<string, number> };
}

/** What should have the members of T, in types that have not been looked at. */
type Unchecked<T> = { [member in keyof T]?: any } & Record<string, any>;
