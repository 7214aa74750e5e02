/**
 * Which half of provisioning a job does. A plan only reads, and its application only writes: their failures belong to one streak, but
 * the success of one half says nothing of the other.
 */
export type JobHalf = 'both' | 'reading' | 'writing';

/** True when a success of the one half ends a streak whose last failure was in the other; `failed` null: nothing has failed. */
export function vouchesFor(succeeded: JobHalf, failed: JobHalf | null): boolean {
  if (succeeded === 'both' || failed === null) return true;
  return succeeded === 'reading' ? failed !== 'writing' : failed === 'writing';
}
