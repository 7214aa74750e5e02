/**
 * Moments at which a test kills, stops or disturbs a process of the engine. In the product nobody listens, and nothing happens there; no
 * setting reaches them: a listener is handed over by the code that makes the activities (docs/faults.md).
 *
 * - `fetched`: a page of the source is here, nothing of it is stored.
 * - `pageCommitted`: tx1 of a page is committed.
 * - `intentsCommitted`: tx2a is committed, none of its creates is sent.
 * - `membersNoted`: who joins a group of which only members are written is committed, the request is not sent (CONN-CORE-12).
 * - `sending`: the lease was looked at, and the request that writes is sent next.
 * - `answered`: the answer to a request that writes is here, nothing of it is stored.
 * - `writtenBack`: the source has stored what the target returned, nothing of it is stored here.
 * - `settled`: tx2b is committed; the activity goes on, or is about to tell Temporal.
 * - `chunkBegun`, `chunkEnded`: the first and the last moment of an activity that works by chunks.
 * - `planningAbsence`: somebody was marked as absent, in a transaction that is not committed.
 * - `finishing`: the books of the run are closed, in a transaction that is not committed.
 * - `finished`: they are committed, and Temporal does not know.
 * - `mailClaimed`: a mail is taken out of the waiting ones, and is sent next.
 * - `mailAnswered`: the mail server has answered, nothing of it is stored.
 * - `logsRemoved`: a batch of deleted logs is removed, and more may be left.
 */
export type FaultPoint =
  | 'fetched'
  | 'pageCommitted'
  | 'intentsCommitted'
  | 'membersNoted'
  | 'sending'
  | 'answered'
  | 'writtenBack'
  | 'settled'
  | 'chunkBegun'
  | 'chunkEnded'
  | 'planningAbsence'
  | 'finishing'
  | 'finished'
  | 'mailClaimed'
  | 'mailAnswered'
  | 'logsRemoved';

/** Told of each moment as it comes. What it throws is thrown there, like the death of the process. */
export type FaultListener = (point: FaultPoint) => void;
