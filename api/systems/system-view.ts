import type { SystemRecord } from '../../state/config/index.js';
import { isoInstant } from '../common/paging.schemas.js';
import type { SystemView } from './systems.schemas.js';

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
