import { randomUUID } from 'node:crypto';
import { createRegistry } from '../../connectors/registry.js';
import { isJsonObject } from '../../core/json.js';
import type { JsonObject } from '../../core/json.js';
import { createSystem, saveProperties, saveTransformation } from '../../state/config/index.js';
import { CONCURRENT_WRITES } from '../options.js';
import type { BenchStack } from './stack.js';

const SCIM = 'SCIM System';
const LDAP = 'LDAP Server';

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
  /** Of a SCIM system, or of a directory (`ldap:`). */
  readonly url: string;
  /** Properties beside the address. */
  readonly properties?: Readonly<Record<string, string>>;
  readonly secrets?: Readonly<Record<string, string>>;
  /** Of a target: the sources it takes from; default all. */
  readonly sources?: readonly BenchSystem[];
  /** Groups are read and written too. */
  readonly withGroups?: boolean;
}

/** Configures a system as the API does: default transformation, no authentication unless the properties say so. */
export async function addSystem(stack: BenchStack, wanted: NewBenchSystem): Promise<BenchSystem> {
  const { role, name, url } = wanted;
  const id = randomUUID();
  const writing = { 'scim.max.concurrent.writes': String(CONCURRENT_WRITES) };
  const typeName = url.startsWith('ldap:') ? LDAP : SCIM;
  const plain = { ...addressOf(typeName, url), ...(role === 'target' && writing), ...wanted.properties };
  const sources =
    wanted.sources === undefined
      ? ({ selection: 'all' } as const)
      : ({ selection: 'list', sourceIds: wanted.sources.map((source) => source.id) } as const);
  const no = await stack.dataSource.transaction(async (manager) => {
    const system = { id, role, typeName, name, description: '', ...(role === 'target' && { sources }) };
    const made = await createSystem(manager, system);
    const document = defaultTransformation(typeName, role, wanted.withGroups ?? false);
    await saveTransformation(manager, made, { document, description: 'benchmark', modifiedBy: 'benchmark' });
    const set = { plain, secrets: wanted.secrets ?? {}, keptSecretNames: [] };
    await saveProperties(manager, stack.keyring, { no: made, id }, set);
    return made;
  });
  return { no, id, name };
}

function addressOf(typeName: string, url: string): Record<string, string> {
  if (typeName === LDAP) return { Type: 'LDAP', 'ldap.url': url };
  return { Type: 'HTTP', URL: url, ProxyType: 'Internet', Authentication: 'NoAuthentication' };
}

function defaultTransformation(typeName: string, role: 'source' | 'target', withGroups: boolean): JsonObject {
  const defaults = createRegistry().find(typeName)?.descriptor.defaultTransformations;
  const document = structuredClone(role === 'source' ? defaults?.read : defaults?.write);
  if (document === undefined) throw new Error(`${typeName} has no default transformation`);
  const group = document['group'];
  if (withGroups && isJsonObject(group)) delete group['ignore'];
  return document;
}
