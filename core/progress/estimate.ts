/** What is known of the reading of one entity type. */
export interface ReadProgress {
  readonly type: string;
  /** Entities read so far. */
  readonly done: number;
  /** Entities to be read, as far as the source or an earlier job has told; null when nobody knows. */
  readonly total: number | null;
  /** Seconds from its begin until now, or its end; 0 before its begin. */
  readonly seconds: number;
  readonly isOver: boolean;
}

/** What is known of the writing of one entity type to one target. */
export interface WriteProgress {
  readonly target: string;
  readonly type: string;
  /** Entities with a result. */
  readonly done: number;
  /** Entities that wait for their turn in this job. */
  readonly waiting: number;
  readonly seconds: number;
  readonly isOver: boolean;
}

/** Below this a rate says nothing. */
const SHORTEST_SECONDS = 1;

/** Entities a second; null while it cannot be told. */
export function perSecond({ done, seconds }: { readonly done: number; readonly seconds: number }): number | null {
  return done > 0 && seconds >= SHORTEST_SECONDS ? done / seconds : null;
}

/**
 * Seconds until a job has read and written everything, at the speed so far; null while it cannot be told. Types are read one after the other;
 * each target has a chain of its own, so the slowest of all decides. Of what is still to be read the same share is taken to need writing as
 * of what was read. Deletions are not in it: who is absent is known at the end only.
 */
export function remainingSeconds(reads: readonly ReadProgress[], writes: readonly WriteProgress[]): number | null {
  const open = reads.filter((read) => !read.isOver);
  if (open.some((read) => read.total === null)) return null;
  const reading = sum(open.map((read) => time(left(read), rateOf(read, reads))));
  const targets = [...new Set(writes.map((write) => write.target))];
  const writing = targets.map((target) => {
    const chain = writes.filter((write) => write.target === target && !write.isOver);
    return sum(
      chain.map((write) =>
        time(
          toWrite(write, reads),
          rateOf(
            write,
            writes.filter((one) => one.target === target),
          ),
        ),
      ),
    );
  });
  const all = [reading, ...writing];
  return all.includes(null) ? null : Math.round(Math.max(...all.map((seconds) => seconds ?? 0)));
}

function left({ done, total }: ReadProgress): number {
  return Math.max(0, (total ?? 0) - done);
}

/** What waits, and what the rest of the reading will bring. */
function toWrite({ type, done, waiting }: WriteProgress, reads: readonly ReadProgress[]): number {
  const read = reads.find((one) => one.type === type);
  if (read === undefined || read.isOver || read.done === 0) return waiting;
  return waiting + left(read) * Math.min(1, (done + waiting) / read.done);
}

/** The speed of this type, or that of the system so far when the type has not begun. */
function rateOf(
  one: { readonly done: number; readonly seconds: number },
  all: readonly { readonly done: number; readonly seconds: number }[],
): number | null {
  return (
    perSecond(one) ??
    perSecond({
      done: all.reduce((n, each) => n + each.done, 0),
      seconds: all.reduce((n, each) => n + each.seconds, 0),
    })
  );
}

function time(entities: number, rate: number | null): number | null {
  if (entities === 0) return 0;
  return rate === null ? null : entities / rate;
}

function sum(times: readonly (number | null)[]): number | null {
  return times.includes(null) ? null : times.reduce<number>((total, one) => total + (one ?? 0), 0);
}
