import type { EntityFailure } from '../contract.js';
import { dnKey } from './dn/dn.js';
import type { Entry } from './entry.js';
import type { LdapType } from './ldap-settings.js';
import { identifierOf } from './native-entity.js';

/** Beyond this many the memory is worth more than the check, which the confirming read repeats. */
const MAX_REMEMBERED = 1_000_000;

/**
 * Finds two entries with one identifier: `cn` and `uid` are unique in their container only, and of two people under one identifier one would
 * overwrite the other. Remembers identifiers for one read, as far as one process has done it.
 */
export class SeenIds {
  /** A number instead of a name: a million of them have to fit into a worker (CONN-TCK-26). */
  private readonly entryById = new Map<string, number>();

  /** Another read begins. */
  reset(): void {
    this.entryById.clear();
  }

  /** The entries without those whose identifier belongs to another entry as well; they are failures of the source. */
  check(
    type: LdapType,
    idAttribute: string,
    entries: readonly Entry[],
  ): { readonly entries: readonly Entry[]; readonly failures: readonly EntityFailure[] } {
    const ambiguous = new Set<string>();
    for (const entry of entries) {
      const id = identifierOf(entry, idAttribute);
      if (id === undefined) continue;
      const before = this.entryById.get(id);
      const number = immutableNumber(entry);
      if (before !== undefined && before !== number) ambiguous.add(id);
      else if (this.entryById.size < MAX_REMEMBERED) this.entryById.set(id, number);
    }
    if (ambiguous.size === 0) return { entries, failures: [] };
    const message = `read ${type}: ambiguous: two entries have this identifier; set ldap.attribute.${type}.id to a unique attribute`;
    return {
      entries: entries.filter((entry) => !ambiguous.has(identifierOf(entry, idAttribute) ?? '')),
      failures: [...ambiguous].map((id) => ({ id, message })),
    };
  }
}

const FNV_OFFSET = 0x811c9dc5;
const FNV_PRIME = 0x01000193;

/**
 * FNV-1a of what stays when an entry is renamed or moved while it is read; of its DN where the server gives no such thing. Two entries of one
 * identifier have the same number once in four thousand million times, and then the confirming read finds them.
 */
function immutableNumber(entry: Entry): number {
  const fixed = entry.text('entryUUID') ?? entry.first('objectGUID')?.toString('latin1') ?? dnKey(entry.dn);
  let hash = FNV_OFFSET;
  for (let index = 0; index < fixed.length; index += 1) hash = Math.imul(hash ^ fixed.charCodeAt(index), FNV_PRIME);
  return hash;
}
