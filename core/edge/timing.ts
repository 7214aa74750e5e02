/**
 * Times of a call that crosses to an edge worker, milliseconds (ADR 0086). A lease of the engine has to outlive everything that an edge worker may
 * still send under it; the first five bound when it begins to, the sixth for how long it goes on. Together they are what a permit lasts (ADR 0096).
 */
export const EDGE_TIMES = {
  /** Temporal takes the call within this time, or it never happens. */
  start: 5_000,
  /** A worker of ours takes its workflow up within this time, or the call is not made. */
  firstTask: 10_000,
  /** It hands the call on within this time, or another worker is asked, which finds it too old. */
  task: 5_000,
  /** An edge worker takes the call within this time, or there is none (CONN-CORE-91). */
  scheduleToStart: 10_000,
  /** Silence after which Temporal takes an edge worker for dead. */
  heartbeat: 10_000,
  /** Requests that write may begin for so long after the first sign of life; a row of them that takes longer is broken off. */
  writing: 25_000,
  /** An edge worker that was not heard for this long begins no request that writes: before Temporal takes it for dead. */
  silence: 9_000,
} as const;

/** All of it: so much longer than of a request does a lease have to be that covers a call. */
export const EDGE_WINDOW_MS =
  EDGE_TIMES.start +
  EDGE_TIMES.firstTask +
  EDGE_TIMES.task +
  EDGE_TIMES.scheduleToStart +
  EDGE_TIMES.heartbeat +
  EDGE_TIMES.writing;
