import type { UnknownCause } from '../../core/sync/read-safety.js';
import { noteReadSize } from '../../state/absence/guards.js';
import {
  countUnknown,
  noteMissing,
  noteUnconfirmed,
  noteUnknownMembers,
  noteUnreadable,
} from '../../state/absence/unknown.js';
import { unreadableNos } from '../../state/absence/verdict.js';
import type { ReadVerdict, TypeVerdict } from '../../state/absence/verdict.js';
import type { Sql } from '../../state/database.js';
import { codeOf } from '../support/run-context.js';
import type { RunContext } from '../support/run-context.js';

/**
 * Keeps with the run who was neither present nor absent in it, and why (UNK-2), and what a good read has delivered (UNK-4). A delta read says
 * of nobody that he or she is missing. A source that follows the reference knows only present and absent. Before forgotten entities are removed.
 */
export async function noteUnknown(sql: Sql, context: RunContext, verdict: ReadVerdict): Promise<void> {
  if (context.planNo !== null || context.safety.followsReference) return;
  const run = { runKey: context.runKey, sourceNo: context.source.snapshot.no };
  const asked: number[] = [];
  for (const entityType of context.types) {
    const typeCode = codeOf(entityType);
    const type = verdict.types.find((one) => one.typeCode === typeCode);
    const unreadable = type === undefined ? [] : await unreadableNos(sql, run, type);
    await noteUnreadable(sql, run, typeCode, unreadable);
    const cause = causeOf(context, verdict, type);
    if (cause !== undefined) await noteMissing(sql, run, { type: typeCode, cause, exceptNos: unreadable });
    else if (context.safety.confirmsAbsence) asked.push(typeCode);
  }
  if (asked.length > 0 && context.mode === 'full') await noteUnconfirmed(sql, run, asked);
  await noteUnknownMembers(sql, run);
  await countUnknown(sql, run);
  if (context.mode === 'full' && verdict.blockedBy === null) await noteSizes(sql, context, verdict);
}

/** Why nobody of a type who was not delivered counts as absent; undefined: each of them was decided on. */
function causeOf(
  context: RunContext,
  { blockedBy }: ReadVerdict,
  type: TypeVerdict | undefined,
): UnknownCause | undefined {
  if (context.mode === 'delta') return undefined;
  if (type === undefined) return 'interrupted';
  switch (type.state) {
    case 'reading':
      return 'interrupted';
    case 'failed':
      return 'pageFailed';
    case 'incomplete':
      return 'moved';
    default:
  }
  if (blockedBy !== null) return 'notAsked';
  if (type.guard === null) return 'interrupted';
  if (type.guard !== 'none') return type.guard;
  // No target was there to delete in, so nobody was asked for.
  return type.isMarked ? undefined : 'notAsked';
}

async function noteSizes(sql: Sql, context: RunContext, { types }: ReadVerdict): Promise<void> {
  const { emptyRead, readSize } = context.accepts;
  for (const { type, typeCode, guard, delivered, failed } of types) {
    if (guard !== 'none') continue;
    await noteReadSize(sql, {
      sourceNo: context.source.snapshot.no,
      type: typeCode,
      runKey: context.runKey,
      delivered: delivered + failed,
      isNewSize: emptyRead.includes(type) || readSize.includes(type),
    });
  }
}
