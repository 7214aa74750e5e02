import { step } from '../../core/notifications/state-machine.js';
import { vouchesFor } from '../../core/notifications/vouches.js';
import type { JobHalf } from '../../core/notifications/vouches.js';
import type { Sql } from '../database.js';
import type { JobStatus } from '../runs/run.js';
import { noteHeldChanges } from './held-event.js';
import { loadSettings, loadState, noteFailure, noteIntermediate, noteSuccess } from './job-state.js';
import { hasRecipients, storeMails } from './outbox.js';
import type { SourceMail } from '../../core/notifications/topics.js';
import type { MailOccasion } from './outbox.js';
import { factsOf, HALF_OF, NOTED_RUN } from './run-facts.js';
import type { NotedRun } from './run-facts.js';

/**
 * Entities have failed in a run, in the transaction that stores it: the first time it is an event (NTF-12), later it costs one look into an index.
 * Of two that are the first at once the second waits for the end of the other. A job that is resumed is the same run (NTF-17); what is done in no
 * run is no event.
 */
export async function noteFailedEntities(sql: Sql, runKey: string): Promise<void> {
  const [run] = await sql.query<NotedRun>(
    `with noted as (
       insert into run_failure (run_key) select run_key from run where run_key = $1 and state = 'running'
       on conflict do nothing returning run_key)
     select ${NOTED_RUN} from noted n join run r on r.run_key = n.run_key`,
    [runKey],
  );
  if (run === undefined || HALF_OF[run.kind] === null) return;
  const state = await loadState(sql, run.sourceNo);
  const { mail } = step(state, 'firstFailure', await loadSettings(sql, run.sourceNo));
  if (mail === null) return;
  await noteIntermediate(sql, run.sourceNo);
  await tell(sql, run, { systemNo: run.sourceNo, runKey, kind: mail }, 'Running with Error');
}

/**
 * The end of a run, in the transaction that closes it (NTF-13 to NTF-15), and what it has held back (GOV-7). A run that never fails writes nothing.
 */
export async function noteRunEnd(sql: Sql, runKey: string): Promise<void> {
  const [run] = await sql.query<NotedRun>(`select ${NOTED_RUN} from run r where r.run_key = $1`, [runKey]);
  if (run === undefined || run.status === null) return;
  const half = HALF_OF[run.kind];
  if (half === null) return;
  await noteOutcome(sql, run, half, run.status);
  await noteHeldChanges(sql, run, run.status);
}

async function noteOutcome(sql: Sql, run: NotedRun, half: JobHalf, status: JobStatus): Promise<void> {
  const { sourceNo, runKey } = run;
  const state = await loadState(sql, sourceNo);
  if (status === 'Success') {
    const isQuiet = state.streak === 0 && !state.interSent && !state.failSent;
    if (isQuiet || !vouchesFor(half, state.failedHalf)) return;
  }
  const settings = await loadSettings(sql, sourceNo);
  const { mail, state: next } = step(state, status === 'Success' ? 'succeeded' : 'failed', settings);
  if (status === 'Success') await noteSuccess(sql, sourceNo);
  else await noteFailure(sql, { sourceNo, runKey, half, isTold: mail !== null }, next);
  if (mail !== null) await tell(sql, run, { systemNo: sourceNo, runKey, kind: mail }, status);
}

async function tell(sql: Sql, run: NotedRun, occasion: MailOccasion<SourceMail>, status: JobStatus): Promise<void> {
  if (await hasRecipients(sql, occasion)) await storeMails(sql, occasion, await factsOf(sql, run, status));
}
