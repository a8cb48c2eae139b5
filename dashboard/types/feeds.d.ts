// What the page of the feeds shows: the server's answers in the types that they are to have.
// Times are "YYYY-MM-DD HH:MM:SS" in UTC.

interface FeedSummary {
  name: string;
  /** The time up to which alerts count. */
  at: string;
  size: number;
  /** Addresses and networks in its lists, after aggregation. */
  entries: number;
  limit: number;
  /** Seconds. */
  window: number;
  duration: number;
  public: boolean;
  licence: string;
  history: FeedHour[];
  top: FeedListing[];
  left: { ip: string; at: string }[];
}

interface FeedHour {
  at: string;
  size: number;
  joined: number;
  left: number;
}

/** Why an address is listed. */
interface FeedListing {
  ip: string;
  since: string;
  until: string;
  score: number;
  scoreParts: Record<ScorePart, number>;
  alerts: number;
  sensors: number;
  days: number;
  first: string;
  last: string;
  types: string[];
  interaction: string;
  country: string;
  as: string;
}
type ScorePart = "recency" | "volume" | "sensors" | "days" | "interaction";

/** Whether a feed lists an address. */
interface FeedFinding {
  name: string;
  listed: FeedListing | null;
  /** When it left; "" if it did not. */
  left: string;
}

/** A network that no feed lists. */
interface FeedAllowance {
  network: string;
  reason: string;
  by: string;
  since: string;
  /** "": for ever. */
  until: string;
}

/** A step of a set-up: what to do, what to enter where, and what to copy. */
interface SetupStep {
  text: string;
  fields?: [name: string, value: string][];
  code?: string;
}

/** A program or device that reads feeds. */
interface FeedClient {
  title: string;
  /** steps are those for a feed; base is the site's URL without a slash at its end. */
  steps: (feed: { base: string; name: string; open: boolean; limit: number }) => SetupStep[];
}
