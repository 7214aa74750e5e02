import { isCancellation, log } from '@temporalio/workflow';
import type { HealablePairs } from '../activities/contract.js';
import { failureKind } from './steps/failure.js';
import { healing, housekeeping, step } from './steps/options.js';

/** Result of {@link healWorkflow}. */
export interface HealResult {
  /** Pairs of a source and a target that had something to heal. */
  readonly pairs: number;
}

/** Pairs that are healed side by side: the slots of the bulk queue belong to jobs first. */
const LANES = 4;

/**
 * One round of what goes on between jobs, every minute by a schedule: each pair of systems that has something to heal gets its turn (HEA-4), mails
 * that wait are sent (NTF-20), certificates that end soon are renewed or told of (CRT-5, CRT-7), old logs are
 * removed (RET-1), and it is over.
 */
export async function healWorkflow(): Promise<HealResult> {
  const { pairs, hasMails, hasCertificates, hasOldLogs } = await step('Find what can be healed').findHealable();
  const queue = [...pairs];
  const lane = async (): Promise<void> => {
    for (let pair = queue.shift(); pair !== undefined; pair = queue.shift()) await heal(pair);
  };
  await Promise.all([
    ...Array.from({ length: LANES }, lane),
    ...(hasMails === true ? [sendMails()] : []),
    ...(hasCertificates === true ? [tendCertificates()] : []),
    ...(hasOldLogs === true ? [removeOldLogs()] : []),
  ]);
  return { pairs: pairs.length };
}

/** What goes wrong with one pair keeps the others from nothing; the next round is the repetition. */
async function heal(pair: HealablePairs['pairs'][number]): Promise<void> {
  const { sourceNo, targetNo, sourceName, targetName } = pair;
  const summary = `Heal ${sourceName} → ${targetName}`;
  await quietly('A round of healing failed', { sourceNo, targetNo }, () =>
    healing(summary).healPair({ sourceNo, targetNo }),
  );
}

function sendMails(): Promise<void> {
  return quietly('A round of the outbox failed', {}, () => housekeeping('Send mails').sendMails());
}

function tendCertificates(): Promise<void> {
  return quietly('A round of the certificates failed', {}, () =>
    housekeeping('Tend outbound certificates').tendCertificates(),
  );
}

function removeOldLogs(): Promise<void> {
  return quietly('A round of the clean-up failed', {}, () => housekeeping('Remove old logs').removeOldLogs());
}

async function quietly(message: string, about: Record<string, number>, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (isCancellation(error)) throw error;
    log.warn(message, { ...about, kind: failureKind(error) });
  }
}
