import type { JsonObject, JsonValue } from '../json.js';
import { compareValues } from './compare-values.js';
import type { NativeFilter } from './filter-model.js';
import { instantMs } from './instant.js';

/** What a filter looks at. */
export interface FilteredEntity {
  readonly body: JsonObject;
  /** ISO 8601 UTC; absent: not known, and nothing holds of it. */
  readonly lastModified?: string | undefined;
}

/**
 * Whether an entity fulfils a filter: the last word where the comparison of a server is wider than that of SCIM. Names of attributes without regard
 * to case. `isCaseExact`: attributes, in lower case, whose values differ by case.
 */
export function matchesFilter(
  filter: NativeFilter,
  entity: FilteredEntity,
  isCaseExact: (attribute: string) => boolean = () => false,
): boolean {
  switch (filter.kind) {
    case 'and':
      return filter.parts.every((part) => matchesFilter(part, entity, isCaseExact));
    case 'or':
      return filter.parts.some((part) => matchesFilter(part, entity, isCaseExact));
    case 'not':
      return !matchesFilter(filter.part, entity, isCaseExact);
    case 'always':
      return filter.holds;
    case 'present':
      return valuesOf(entity.body, filter.attribute).length > 0;
    case 'compare': {
      const key = filter.attribute.toLowerCase();
      return compareValues(valuesOf(entity.body, key, filter.isFirst), filter.operator, filter.value, isCaseExact(key));
    }
    case 'modified': {
      const ms = entity.lastModified === undefined ? undefined : instantMs(entity.lastModified);
      return compareValues(ms === undefined ? [] : [ms], filter.operator, filter.ms);
    }
  }
}

function valuesOf(body: JsonObject, attribute: string, isFirst = false): readonly JsonValue[] {
  const key = attribute.toLowerCase();
  const value = Object.entries(body).find(([name]) => name.toLowerCase() === key)?.[1];
  const values = Array.isArray(value) ? (isFirst ? value.slice(0, 1) : value) : [value];
  return values.filter((one): one is JsonValue => one !== undefined && one !== null);
}
