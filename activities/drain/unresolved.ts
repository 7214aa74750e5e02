import { entityTypeOfCode } from '../../core/entity-type.js';
import type { LogLine } from '../../state/drain/entity-log.js';
import type { RecordedReferences } from './resolve-references.js';

/** Ids named in one result; a group may have thousands of members that are not provisioned yet. */
const MAX_NAMED = 50;

/** A written entity says which references it was written without (WRT-7). */
export function withUnresolved(log: LogLine | null, references: RecordedReferences | null): LogLine | null {
  const unresolved = references?.unresolved ?? [];
  if (log === null || log.message !== null || unresolved.length === 0) return log;
  const ids = [...new Set(unresolved.map(({ type, sourceKey }) => `${entityTypeOfCode(type)} ${sourceKey}`))];
  const named = ids.slice(0, MAX_NAMED).join(', ');
  const more = ids.length > MAX_NAMED ? ` and ${ids.length - MAX_NAMED} more` : '';
  return { ...log, message: `Written without ${ids.length} references that are not in the target: ${named}${more}` };
}
