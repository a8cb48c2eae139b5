// What the modules of the page give each other.

/** A part of a tab: between start and stop it asks, and shows what it is answered. */
interface Part {
  start(): void;
  stop(): void;
}

type Params = Record<string, string | number>;

/** An answer, and when it was computed, in milliseconds of the server's time. */
interface Found<Answer> {
  answer: Answer;
  asOf: number;
}

type Api = typeof import("../public/lib/api.js").api;
type View = "live" | "statistics" | "replay" | "private";

/** The state's values, as they are in the URL. */
interface Values {
  view: View;
  ci: string;
  days: string;
  country: string;
  wall: string;
  day: string;
  at: string;
  page: "alerts" | "sensors" | "address" | "feeds";
  feed: string;
  client: string;
  ip: string;
}
type State = ReturnType<typeof import("../public/lib/state.js").createState>;
type Feed = ReturnType<typeof import("../public/live/feed.js").createFeed>;
/** Down: the server cannot read its store. Users: the stream is for users only. */
type FeedStatus = "connecting" | "live" | "down" | "waiting" | "full" | "users";
interface FeedEvents {
  alert: StreamAlert;
  rate: Rate;
  count: Counts;
  status: FeedStatus;
}
type Kiosk = ReturnType<typeof import("../public/kiosk.js").createKiosk>;

interface Session {
  user: string;
}

/** What can be said of a question: its answer, if there is one, and what went wrong since. */
interface Status<Answer> {
  found: Found<Answer> | null;
  fault: Fault | null;
  /** Milliseconds of the server's time. */
  now: number;
}
interface Fault {
  err: Error;
  /** Milliseconds until the next try. */
  after: number;
}

/** A question that is asked while somebody listens. */
interface Question<Answer> {
  /** part calls fn with the status, at once and whenever it changes. */
  part(fn: (status: Status<Answer>) => void): Part;
  /** again asks at once. */
  again(): void;
}
type Questions = ReturnType<typeof import("../public/lib/questions.js").createQuestions>;

/** What el and svg take; false, null and undefined leave an attribute out. */
type Props = {
  on?: { [type in keyof HTMLElementEventMap]?: (event: HTMLElementEventMap[type]) => void };
  vars?: Record<string, string>;
} & { [attribute: string]: unknown };
type Child = Node | string | false | null | undefined;

/** A row of a table with bars; color is a CSS class. */
interface Bar {
  name: string;
  count: number;
  color?: string;
  last?: string;
}

/** A day of the chart of days: byGroup has the counts of each of palette.js' groups. */
interface StackDay {
  day: string;
  byType: { type: string; count: number }[];
  byGroup: number[];
  total: number;
}
