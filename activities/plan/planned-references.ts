import type { KnownReferences } from '../drain/resolve-references.js';
import type { DrainEnvironment } from '../drain/work.js';

/**
 * References as a plan sees them: who is created by the plan itself has no target id yet and stands under a name of its own. Only in types
 * that are written after it (ORD-1): of two people of one plan the later cannot name the earlier, whatever the order of the writes, so that
 * the application of the plan gives what was planned (PLN-11).
 */
export function plannedReferences(
  env: DrainEnvironment,
  stored: KnownReferences,
  created: ReadonlySet<string>,
): KnownReferences {
  const references = withoutLater(env, stored, created);
  if (created.size === 0) return references;
  const planned = new Map(references);
  for (const key of created) if (typeOf(key) < env.typeCode) planned.set(key, [`planned:${key}`]);
  return planned;
}

/** The same for what is really sent: target ids that exist by now, except those that the plan could not know. */
export function withoutLater(
  env: DrainEnvironment,
  stored: KnownReferences,
  created: ReadonlySet<string>,
): KnownReferences {
  const hasLater = [...stored.keys()].some((key) => created.has(key) && typeOf(key) >= env.typeCode);
  if (!hasLater) return stored;
  return new Map([...stored].filter(([key]) => !created.has(key) || typeOf(key) < env.typeCode));
}

/** Codes follow the order in which types are written. */
function typeOf(key: string): number {
  return Number(key.slice(0, key.indexOf('/')));
}
