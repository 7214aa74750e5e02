import { isJsonObject, type JsonObject, type JsonValue } from '../../core/json.js';
import type { EntityFailure, NativeEntity } from '../contract.js';
import type { ScimProfile } from './profile.js';
import { metaInstant, metaText, resourceId } from './scim-envelope.js';
import type { ScimType } from './scim-settings.js';
import { withRealBooleans } from './text-booleans.js';

/** What of a profile changes how a resource is understood. */
type ReadingProfile = Pick<ScimProfile, 'booleans' | 'members'>;

/**
 * Resources that can be used, and a failure for each of the others (CONN-SCIM-30). A group that shows exactly as many members as the
 * server shows at most is a failure too: what it hides would be taken for gone (CONN-SCIM-48).
 */
export function resourcesOf(
  type: ScimType,
  resources: readonly JsonValue[],
  profile: ReadingProfile,
): { items: NativeEntity[]; failures: EntityFailure[] } {
  const items: NativeEntity[] = [];
  const failures: EntityFailure[] = [];
  for (const resource of resources) {
    const entity = isJsonObject(resource) ? entityOf(type, resource, profile) : undefined;
    if (entity !== undefined) items.push(entity);
    else
      failures.push({ message: isJsonObject(resource) ? `${type} without a usable id` : `${type} that is no object` });
  }
  return { items, failures };
}

/** A resource as the engine sees it; undefined without a usable identifier. */
export function entityOf(type: ScimType, resource: JsonObject, profile: ReadingProfile): NativeEntity | undefined {
  const id = resourceId(resource);
  if (id === undefined) return undefined;
  const version = metaText(resource, 'version');
  const lastModified = metaInstant(resource, 'lastModified');
  return {
    type,
    id,
    body: profile.booleans === 'text' ? withRealBooleans(resource) : resource,
    ...(version === undefined ? {} : { version }),
    ...(lastModified === undefined ? {} : { lastModified }),
  };
}
