import { isJsonObject, type JsonObject } from '../../core/json.js';
import { attributeOf, elementsOf, keyOf } from './attributes.js';
import { MemberDraft } from './member-draft.js';
import type { PatchResult } from './patch.js';
import type { StoreEntry } from './store-entry.js';

const LEFT_OUT = new Set(['schemas', 'id', 'meta', 'groups', 'members']);

/** Applies a PATCH of SCIM 1.1 to copies: first what `meta.attributes` names goes, then what is given is set; members come and go one by one. */
export function applyPartialResource(entry: StoreEntry, partial: JsonObject): PatchResult {
  const attributes = entry.attributes();
  const meta = attributeOf(partial, 'meta');
  for (const name of elementsOf(isJsonObject(meta) ? attributeOf(meta, 'attributes') : undefined)) {
    const key = typeof name === 'string' ? keyOf(attributes, name) : undefined;
    if (key !== undefined) delete attributes[key];
  }
  for (const [name, value] of Object.entries(partial)) {
    if (LEFT_OUT.has(name)) continue;
    const before = attributes[name];
    // Lists are added to, as the standard has it.
    attributes[name] = Array.isArray(value) && Array.isArray(before) ? [...before, ...value] : value;
  }
  const members = elementsOf(attributeOf(partial, 'members')).filter(isJsonObject);
  if (entry.type !== 'Group' || members.length === 0) return { attributes, members: undefined };
  const draft = new MemberDraft(entry.members);
  for (const { operation, ...member } of members)
    draft.apply(operation === 'delete' ? 'remove' : 'add', undefined, [member]);
  return { attributes, members: draft.isChanged ? draft : undefined };
}
