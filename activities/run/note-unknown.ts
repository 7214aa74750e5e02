import { noteReadSize } from '../../state/absence/guards.js';
import { noteUnknownOf } from '../../state/absence/note-unknown.js';
import type { ReadVerdict } from '../../state/absence/verdict.js';
import type { Sql } from '../../state/database.js';
import type { RunContext } from '../support/run-context.js';

/** Keeps with the run who was unknown in it, and why (UNK-2), and what a good read has delivered (UNK-4). */
export async function noteUnknown(sql: Sql, context: RunContext, verdict: ReadVerdict): Promise<void> {
  const { runKey, mode, types, safety, source } = context;
  if (context.planNo !== null || safety.followsReference) return;
  const { confirmsAbsence } = safety;
  await noteUnknownOf(sql, { runKey, sourceNo: source.snapshot.no, mode, types, confirmsAbsence, verdict });
  if (mode === 'full' && verdict.blockedBy === null) await noteSizes(sql, context, verdict);
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
