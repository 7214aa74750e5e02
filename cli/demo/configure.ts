import { isJsonObject } from '../../core/json.js';
import type { ApiClient, NewSystem } from './api-client.js';
import { DemoFailure } from './expectation.js';
import type { DemoSystem, Landscape } from './landscape.js';

const SYSTEM_TYPE = 'SCIM System';

/**
 * Connects the back ends as an administrator does: creates the systems, tests their connections and switches groups on in their
 * transformations. Returns the id of the source.
 * @throws DemoFailure when a connection test fails.
 */
export async function configure(api: ApiClient, { source, targets }: Landscape): Promise<string> {
  const sourceId = await connect(api, source, { role: 'source' });
  for (const target of targets) {
    await connect(api, target, { role: 'target', sources: { selection: 'list', sourceIds: [sourceId] } });
  }
  return sourceId;
}

async function connect(api: ApiClient, system: DemoSystem, role: Pick<NewSystem, 'role' | 'sources'>): Promise<string> {
  const { name, description, properties, credentials } = system;
  const id = await api.createSystem({ type: SYSTEM_TYPE, name, description, properties, credentials, ...role });
  await switchGroupsOn(api, id);
  const failures = await api.testConnection(id);
  if (failures.length > 0) throw new DemoFailure(`The connection to ${name} does not work: ${failures.join('; ')}`);
  return id;
}

/** The default transformation of a SCIM system ignores groups until somebody decides about them. */
export async function switchGroupsOn(api: ApiClient, systemId: string): Promise<void> {
  const transformation = await api.readTransformation(systemId);
  const group = transformation['group'];
  if (!isJsonObject(group)) throw new DemoFailure('The default transformation has no part for groups.');
  const { ignore: _ignore, ...active } = group;
  await api.saveTransformation(systemId, { ...transformation, group: active }, 'Groups switched on');
}
