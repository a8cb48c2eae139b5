// What the counters are made of.

/** An answer of retrieveAlertStats: counts of the windows, null where one is missing, up to a Unix second (exclusive). */
interface Stats {
  until: number;
  counts: (number | null)[];
}

type Arrivals = Pick<ReturnType<typeof import("../public/live/arrivals.js").createArrivals>, "end" | "covers" | "sum">;
