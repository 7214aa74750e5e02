import type { JsonObject } from '../../core/json.js';
import type { MappedTarget, MappingFailure } from './evaluate-pair.js';
import type { Work } from './work.js';

/** What is mapped for a pair as the part of it that the work is about: the attribute that splits it has one value (LNK-3). */
export function ofPart(
  { part }: Pick<Work, 'part'>,
  mapped: MappedTarget | MappingFailure,
): MappedTarget | MappingFailure {
  if (part === null || 'message' in mapped) return mapped;
  return {
    body: documentOfPart(part, mapped.body),
    // That of the whole: whoever gets another part has changed.
    get hash() {
      return mapped.hash;
    },
    storable: documentOfPart(part, mapped.storable),
    references: mapped.references,
    memberships: mapped.memberships,
    targetId: mapped.targetId,
  };
}

/** A document with the name of the part in the place of all names; documents without the attribute stay. */
export function documentOfPart(
  part: { readonly attribute: string | null; readonly name: string },
  document: JsonObject,
): JsonObject {
  const { attribute } = part;
  return attribute === null || document[attribute] === undefined ? document : { ...document, [attribute]: part.name };
}

/** The document of one part as that of the whole pair, with the names of all its parts. */
export function documentOfAll(parts: readonly Work[], document: JsonObject): JsonObject {
  const attribute = parts[0]?.part?.attribute ?? null;
  if (attribute === null || document[attribute] === undefined) return document;
  return { ...document, [attribute]: parts.flatMap(({ part }) => (part === null ? [] : [part.name])) };
}

/** The names that a mapped document has for its parts, or what is wrong with them; undefined: it says nothing of them. */
export function namesIn(
  rule: { readonly attribute: string; readonly property: string },
  document: JsonObject,
): readonly string[] | { readonly problem: string } | undefined {
  const { attribute, property } = rule;
  const value = document[attribute];
  if (value === undefined || value === null) return undefined;
  const names = Array.isArray(value) ? value : [value];
  const isUsable = names.every(isName) && new Set(names).size === names.length && names.length > 0;
  if (isUsable && names.every(isName)) return names;
  const remedy = `map the constant "%${property}%[]" to $.${attribute}`;
  return { problem: `${attribute} must be a list of different texts without ";"; ${remedy}` };
}

function isName(value: unknown): value is string {
  return typeof value === 'string' && value !== '' && !value.includes(';');
}
