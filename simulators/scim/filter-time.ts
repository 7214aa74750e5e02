import { compareOrdered, instantOf } from './filter-match.js';
import type { FilterNode } from './filter-parser.js';
import type { ScimDialect } from './dialects.js';
import type { StoreEntry } from './store-entry.js';

/**
 * The check of a filter that asks for nothing but `meta.lastModified`, made on the entry itself: a delta read of 100,000 people must not
 * open every one of them. Undefined for every other filter.
 */
export function modifiedCheck(node: FilterNode, dialect: ScimDialect): ((entry: StoreEntry) => boolean) | undefined {
  if (node.kind !== 'compare' || typeof node.value !== 'string') return undefined;
  const { extension, attribute, sub } = node.path;
  const isModified = attribute?.toLowerCase() === 'meta' && sub?.toLowerCase() === 'lastmodified';
  const wantedMs = instantOf(node.value);
  if (extension !== undefined || !isModified || wantedMs === undefined) return undefined;
  const stepMs = dialect.timestamps === 'seconds' ? 1_000 : 1;
  return (entry) => compareOrdered(Math.floor(entry.modifiedMs / stepMs) * stepMs - wantedMs, node.operator);
}
