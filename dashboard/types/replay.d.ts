// What a replay is made of.

/** An alert of a replay, with its second of the day. */
interface ReplayAlert extends StreamAlert {
  second: number;
}

/** Five minutes of a day. */
interface Chunk {
  /** In the order of their seconds. */
  alerts: ReplayAlert[];
  /** How many alerts one of them stands for. */
  weight: number;
  /** The second of the day up to which the server had alerts. */
  until: number;
}

type Chunks = ReturnType<typeof import("../public/replay/chunks.js").createChunks>;

/** What of a day is older than the server keeps: all of it (gone), or what text says. */
interface Kept {
  gone: boolean;
  text: string;
}

/** What the controls show. */
interface ReplayShown {
  /** YYYYMMDD, as is today. */
  day: string;
  today: string;
  clock: string;
  playing: boolean;
  ended: boolean;
  waiting: boolean;
  fault: Error | null;
  kept: Kept;
  step: string;
  total: string;
  empty: boolean;
}
