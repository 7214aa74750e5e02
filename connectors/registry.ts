import type { ConnectorFactory } from './contract.js';
import { activeDirectoryFactory, ldapServerFactory } from './ldap/ldap.factory.js';
import { scimSystemFactory } from './scim/scim.factory.js';
import { uaaFactory, xsuaaFactory } from './scim/uaa/uaa.factory.js';

/** All connectors by the documented name of their system type. */
export interface ConnectorRegistry {
  /** The factory of a type name, or undefined if there is none. */
  find(typeName: string): ConnectorFactory | undefined;
  /** In alphabetical order. */
  readonly typeNames: readonly string[];
}

/** Every connector of this version; one line each. */
const BUILT_IN: readonly ConnectorFactory[] = [
  scimSystemFactory,
  uaaFactory,
  xsuaaFactory,
  ldapServerFactory,
  activeDirectoryFactory,
];

/** A registry of the given connectors. Throws RangeError if two have the same type name. */
export function createRegistry(factories: readonly ConnectorFactory[] = BUILT_IN): ConnectorRegistry {
  const byName = new Map<string, ConnectorFactory>();
  for (const factory of factories) {
    const { typeName } = factory.descriptor;
    if (byName.has(typeName)) throw new RangeError(`two connectors have the type name ${typeName}`);
    byName.set(typeName, factory);
  }
  return { find: (typeName) => byName.get(typeName), typeNames: [...byName.keys()].sort() };
}
