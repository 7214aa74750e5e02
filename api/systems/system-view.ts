import type { ReadSafety } from '../../core/sync/read-safety.js';
import type { SystemRecord } from '../../state/config/index.js';
import { isoInstant } from '../common/paging.schemas.js';
import type { SystemPage, SystemView } from './systems.schemas.js';

/** A system as responses show it; numbers of the engine's tables stay inside. */
export function toSystemView(record: SystemRecord): SystemView {
  const { sourceSelection, sourcesLostAt } = record;
  return {
    id: record.id,
    role: record.role,
    type: record.typeName,
    name: record.name,
    description: record.description,
    enabled: record.enabled,
    ...(sourceSelection !== null && {
      sources: {
        selection: sourceSelection,
        sourceIds: [...record.sourceIds],
        lostAt: sourcesLostAt && isoInstant(sourcesLostAt),
      },
      pausedAt: record.pausedAt && isoInstant(record.pausedAt),
    }),
    createdAt: isoInstant(record.createdAt),
    updatedAt: isoInstant(record.updatedAt),
  };
}

/** What stands against unwanted deletions as responses show it. */
export function toSafety(safety: ReadSafety): NonNullable<SystemPage['safety']> {
  return {
    referenceBehavior: safety.followsReference,
    governor: !safety.followsReference,
    confirmsDeletions: safety.confirmsAbsence,
    guardsEmptyReads: safety.guardsEmptyReads,
    sizeGuardPercent: safety.sizePercent ?? null,
    guardsMembers: safety.guardsMembers,
    isolatesFailedEntities: safety.isolatesFailures,
  };
}
