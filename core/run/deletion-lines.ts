import type { EntityType } from '../entity-type.js';

/** Property of a target that says how many deletions of a type one job may execute (DEL-8). */
export const THRESHOLD_PROPERTY: Readonly<Record<EntityType, string>> = {
  user: 'ips.delete.threshold.users',
  group: 'ips.delete.threshold.groups',
  role: 'ips.delete.threshold.roles',
};

/** How many candidates of a target and type ended how; `postponed`: those among them that an earlier run could not delete. */
export interface DeletionCount {
  readonly outcome: string | null;
  readonly count: number;
  readonly postponed: number;
  /** What a threshold counts of them: assignments, where deleting is taking assignments away (DEL-8); else themselves. */
  readonly weight: number;
}

/** What influenced deletion in one target and type at the end of a job, as *Job Execution Outcome* says it (STA-12). */
export interface DeletionFacts {
  readonly targetName: string;
  readonly type: string;
  /** Why nobody could be taken for absent; null when somebody could. */
  readonly blockedBy: string | null;
  readonly counts: readonly DeletionCount[];
  readonly threshold: string | undefined;
}

/**
 * One line for each fact, in the words of STA-12 behind the target and type it is about; none when nothing was to be deleted. A target that
 * failed in the middle of its deletions has both: why no more was deleted, and what was.
 */
export function deletionLines(facts: DeletionFacts): string[] {
  const at = `${facts.targetName}, ${facts.type}: `;
  const count = (outcome: string): number => facts.counts.find((row) => row.outcome === outcome)?.count ?? 0;
  const postponed = facts.counts.find((row) => row.outcome === 'deleted')?.postponed ?? 0;
  const weight = facts.counts.find((row) => row.outcome === 'threshold')?.weight ?? 0;
  const lines: [number, string][] = [
    [count('deleted'), `Deletion executed: ${count('deleted')}`],
    [count('planned'), `Deletion planned: ${count('planned')}`],
    [count('threshold'), `Deletion not executed: threshold ${facts.threshold ?? ''} exceeded (${weight})`],
    [count('released'), `${count('released')} entities kept because they existed before`],
    [count('kept'), `${count('kept')} deletions skipped by skipOperations`],
    [
      count('unknownFound'),
      `${count('unknownFound')} entities were not delivered but still exist in the source system: unknown, nothing deleted`,
    ],
    [
      count('unknownFailed'),
      `${count('unknownFailed')} entities could not be confirmed as absent: unknown, nothing deleted`,
    ],
    [postponed, `${postponed} deletions postponed from earlier jobs`],
    [count('rejected'), `${count('rejected')} deletions rejected: nothing is deleted until the data changes`],
    [count('shared'), `${count('shared')} entities kept because another source entity has the same target entity`],
  ];
  const blocked = facts.blockedBy === null ? [] : [`Deletion not executed: ${facts.blockedBy}`];
  return [...blocked, ...lines.filter(([n]) => n > 0).map(([, line]) => line)].map((line) => at + line);
}
