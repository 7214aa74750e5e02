import type { ScimHttp } from './scim-http.js';
import { listEnvelope } from './scim-envelope.js';
import { allOf, modifiedAfterFilter } from './scim-filter.js';
import type { ScimType } from './scim-settings.js';

/** Before any entity of any system. */
const LONG_AGO = new Date(0);

/**
 * True when a server answers filters by time with an empty list whatever there is: its deltas would be empty for ever, and nobody would
 * notice (RDM-5). Asked only when a delta is empty; costs one request, two when nobody was changed since 1970.
 */
export async function hidesChanges(
  http: ScimHttp,
  type: ScimType,
  milliseconds: boolean,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  const configured = http.settings.filters[type];
  const sinceEver = allOf([configured, modifiedAfterFilter(LONG_AGO, milliseconds)]);
  if (await hasAny(http, type, sinceEver, signal)) return false;
  return hasAny(http, type, configured, signal);
}

async function hasAny(
  http: ScimHttp,
  type: ScimType,
  filter: string | undefined,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  const path = http.collectionPath(type);
  const query = { startIndex: 1, count: 1, filter };
  const { resources, totalResults } = listEnvelope(
    await http.list({ label: `list ${type}s`, kind: 'list', path, query, signal }),
  );
  return resources.length > 0 || (totalResults ?? 0) > 0;
}
