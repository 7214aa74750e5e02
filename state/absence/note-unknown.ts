import { entityTypeCode } from '../../core/entity-type.js';
import type { EntityType } from '../../core/entity-type.js';
import type { UnknownCause } from '../../core/sync/read-safety.js';
import type { Sql } from '../database.js';
import { countUnknown, noteMissing, noteUnconfirmed, noteUnknownMembers, noteUnreadable } from './unknown.js';
import { unreadableNos } from './verdict.js';
import type { ReadVerdict, TypeVerdict } from './verdict.js';

/** A run that is over, with what its reading came to. */
export interface EndedRead {
  readonly runKey: string;
  readonly sourceNo: number;
  readonly mode: 'full' | 'delta';
  /** Types that the source was to deliver. */
  readonly types: readonly EntityType[];
  /** Who was not delivered is asked for (DEL-23). */
  readonly confirmsAbsence: boolean;
  readonly verdict: ReadVerdict;
}

/**
 * Keeps with the run who was neither present nor absent in it, and why (UNK-2), however it has ended. A delta read says of nobody that he or
 * she is missing. Before forgotten entities are removed; not for a source that follows the reference, which knows only present and absent.
 */
export async function noteUnknownOf(sql: Sql, read: EndedRead): Promise<void> {
  const asked: number[] = [];
  for (const entityType of read.types) {
    const typeCode = entityTypeCode(entityType);
    const type = read.verdict.types.find((one) => one.typeCode === typeCode);
    const unreadable = type === undefined ? [] : await unreadableNos(sql, read, type);
    await noteUnreadable(sql, read, typeCode, unreadable);
    const cause = causeOf(read, type);
    if (cause !== undefined) await noteMissing(sql, read, { type: typeCode, cause, exceptNos: unreadable });
    else if (read.confirmsAbsence) asked.push(typeCode);
  }
  if (asked.length > 0 && read.mode === 'full') await noteUnconfirmed(sql, read, asked);
  await noteUnknownMembers(sql, read);
  await countUnknown(sql, read);
}

/** Why nobody of a type who was not delivered counts as absent; undefined: each of them was decided on. */
function causeOf({ mode, verdict }: EndedRead, type: TypeVerdict | undefined): UnknownCause | undefined {
  if (mode === 'delta') return undefined;
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
  if (verdict.blockedBy !== null) return 'notAsked';
  if (type.guard === null) return 'interrupted';
  if (type.guard !== 'none') return type.guard;
  // No target was there to delete in, so nobody was asked for.
  return type.isMarked ? undefined : 'notAsked';
}
