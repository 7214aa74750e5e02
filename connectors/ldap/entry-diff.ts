import { Attribute, Change } from 'ldapts';
import { dnKey } from './dn/dn.js';
import type { Entry } from './entry.js';
import type { Schema } from './schema.js';
import type { WrittenAttribute } from './write-values.js';

/** Attributes whose values are DNs: equal however they are spelled. */
const DN_VALUED = new Set(['manager', 'secretary', 'owner', 'seealso', 'managedby', 'assistant', 'roleoccupant']);

/**
 * The smallest modify that gives an entry the wanted values (CONN-LDAP-75, CONN-LDAP-76): attributes that are not named are left alone, an
 * empty list removes. Upper and lower case count, although directories do not tell them apart: somebody who is now written `O'Neil` is to be
 * seen so.
 */
export function changesOf(entry: Entry, wanted: Iterable<WrittenAttribute>, schema: Schema): Change[] {
  const changes: Change[] = [];
  for (const { name, values } of wanted) {
    const current = entry.bytes(name);
    const keyOf = (value: string | Buffer): string => valueKey(name, value);
    const has = new Set(current.map(keyOf));
    const wants = new Set(values.map(keyOf));
    const added = values.filter((value) => !has.has(keyOf(value)));
    const removed = current.filter((value) => !wants.has(keyOf(value)));
    if (added.length + removed.length === 0) continue;
    if (values.length === 0) {
      changes.push(change('delete', name, []));
      continue;
    }
    const single = schema.singleValued.has(name.toLowerCase()) || (current.length <= 1 && values.length <= 1);
    const few = (added.length + removed.length) * 2 < Math.max(current.length, values.length);
    if (single || !few || foldsTogether(added, removed)) {
      changes.push(change('replace', name, values));
    } else {
      if (removed.length > 0) changes.push(change('delete', name, removed));
      if (added.length > 0) changes.push(change('add', name, added));
    }
  }
  return changes;
}

/** One change of a modify request. */
export function change(
  operation: 'add' | 'delete' | 'replace',
  type: string,
  values: readonly (string | Buffer)[],
): Change {
  return new Change({ operation, modification: attribute(type, values) });
}

/** An attribute for an add or modify request. */
export function attribute(type: string, values: readonly (string | Buffer)[]): Attribute {
  return new Attribute({
    type,
    values: values.map((value) => (typeof value === 'string' ? Buffer.from(value) : value)),
  });
}

function valueKey(name: string, value: string | Buffer): string {
  if (DN_VALUED.has(name.toLowerCase())) return dnKey(value.toString());
  return typeof value === 'string' ? Buffer.from(value).toString('base64') : value.toString('base64');
}

/** Two spellings of one value cannot be there beside each other, not even within one request. */
function foldsTogether(added: readonly (string | Buffer)[], removed: readonly Buffer[]): boolean {
  const gone = new Set(removed.map((value) => value.toString().toLowerCase()));
  return added.some((value) => gone.has(value.toString().toLowerCase()));
}
