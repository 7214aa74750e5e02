import { randomUUID } from 'node:crypto';
import { createRegistry } from '../../connectors/registry.js';
import { isJsonObject } from '../../core/json.js';
import type { JsonObject } from '../../core/json.js';
import { createSystem, saveProperties, saveTransformation } from '../../state/config/index.js';
import { CONCURRENT_WRITES } from '../options.js';
import type { BenchStack } from './stack.js';

const TYPE_NAME = 'SCIM System';

/** A configured system. */
export interface BenchSystem {
  readonly no: number;
  readonly id: string;
  readonly name: string;
}

/** What is to be configured. */
export interface NewBenchSystem {
  readonly role: 'source' | 'target';
  readonly name: string;
  readonly url: string;
  /** Properties beside the address. */
  readonly properties?: Readonly<Record<string, string>>;
  /** Of a target: the sources it takes from; default all. */
  readonly sources?: readonly BenchSystem[];
  /** Groups are read and written too. */
  readonly withGroups?: boolean;
}

/** Configures a SCIM system as the API does: default transformation, no authentication. */
export async function addSystem(stack: BenchStack, wanted: NewBenchSystem): Promise<BenchSystem> {
  const { role, name, url } = wanted;
  const id = randomUUID();
  const writing = { 'scim.max.concurrent.writes': String(CONCURRENT_WRITES) };
  const plain = {
    Type: 'HTTP',
    URL: url,
    ProxyType: 'Internet',
    Authentication: 'NoAuthentication',
    ...(role === 'target' && writing),
    ...wanted.properties,
  };
  const sources =
    wanted.sources === undefined
      ? ({ selection: 'all' } as const)
      : ({ selection: 'list', sourceIds: wanted.sources.map((source) => source.id) } as const);
  const no = await stack.dataSource.transaction(async (manager) => {
    const system = { id, role, typeName: TYPE_NAME, name, description: '', ...(role === 'target' && { sources }) };
    const made = await createSystem(manager, system);
    const document = defaultTransformation(role, wanted.withGroups ?? false);
    await saveTransformation(manager, made, { document, description: 'benchmark', modifiedBy: 'benchmark' });
    const set = { plain, secrets: {}, keptSecretNames: [] };
    await saveProperties(manager, stack.keyring, { no: made, id }, set);
    return made;
  });
  return { no, id, name };
}

function defaultTransformation(role: 'source' | 'target', withGroups: boolean): JsonObject {
  const defaults = createRegistry().find(TYPE_NAME)?.descriptor.defaultTransformations;
  const document = structuredClone(role === 'source' ? defaults?.read : defaults?.write);
  if (document === undefined) throw new Error('the SCIM connector has no default transformation');
  const group = document['group'];
  if (withGroups && isJsonObject(group)) delete group['ignore'];
  return document;
}
