import type { LinkWrite } from '../../state/drain/link-writes.js';
import type { Settlement } from '../../state/drain/settle.js';
import type { MappedTarget } from './evaluate-pair.js';
import { failureOf, GroupMembershipError } from './group-members.js';
import { linkedSettlement, mapForCreate } from './outcomes.js';
import type { Failure, WrittenPair } from './outcomes.js';
import type { DrainEnvironment, Work } from './work.js';
import { writeBack } from './write-back.js';

/** Ends the write of a pair: its groups, then what the target has returned for the source (ORD-12). */
export async function settleWritten(env: DrainEnvironment, work: Work, written: WrittenPair): Promise<Settlement> {
  return writeBack(env, work, await assignGroups(env, work, written), written);
}

/**
 * A user joins and leaves its groups (VAR-10), then the pair is in step. A group that fails makes the entity
 * fail (VAR-12) although it stands in the target: the link is kept, without hashes, so that the next job goes on from there.
 */
async function assignGroups(env: DrainEnvironment, work: Work, written: WrittenPair): Promise<Settlement> {
  const inStep = linkedSettlement(env, work, written);
  if (!env.program.assignsGroups) return inStep;
  const unfinished = { ...inStep, link: withoutHashes(inStep.link, written.isNew) };
  const mapped = written.isNew ? groupsOfCreate(env, work) : written.mapped;
  if ('message' in mapped)
    return failedLate(unfinished, { errorClass: 'validation', code: null, message: mapped.message });
  if (mapped.memberships === undefined) return inStep;
  work.unfinished = unfinished;
  try {
    await env.groups.carryOut(env, work, written.targetKey, mapped.memberships, { ignoreMissing: false });
  } catch (error) {
    if (error instanceof GroupMembershipError) return failedLate(unfinished, failureOf(error));
    throw error;
  }
  work.unfinished = null;
  return inStep;
}

/** What the mappings of a create say, `createEntity` included; they are asked again, because an attempt may have died after the create. */
function groupsOfCreate(env: DrainEnvironment, work: Work): MappedTarget | { readonly message: string } {
  return work.create ?? mapForCreate(env, work);
}

/** Never in step: the entity is there, its groups are not. */
function withoutHashes(link: LinkWrite | null, groupsDue: boolean): LinkWrite | null {
  return link?.kind === 'linked' ? { ...link, commonHash: null, targetHash: null, groupsDue } : link;
}

function failedLate(written: Settlement, failure: Failure): Settlement {
  const log = {
    operation: written.log?.operation ?? 'update',
    result: 'failed',
    code: failure.code,
    message: `The account was written, its groups were not: ${failure.message}`,
    durationMs: written.log?.durationMs ?? 0,
  } as const;
  return { ...written, end: { kind: 'failed', errorClass: failure.errorClass }, log };
}
