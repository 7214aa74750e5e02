import type { Capabilities, ConnectorFactory } from '../contract.js';
import { integerProperty, textProperty, type Properties } from '../property-values.js';
import { ACTIVE_DIRECTORY, GENERIC_LDAP, type Dialect } from './dialect.js';
import { openLdapConnector } from './ldap.connector.js';
import { ldapProperties } from './ldap-properties.js';
import { READ_TIMEOUT_MS, wantsUsnDelta } from './ldap-settings.js';
import { LDAP_TOLERATED_NAMES, ldapErrors, ldapWarnings } from './ldap-validation.js';
import { CONFIRMED_TOGETHER } from './present-ids.js';
import { AD_SAMPLES, LDAP_SAMPLES } from './samples.js';
import { AD_READ_TRANSFORMATION, AD_WRITE_TRANSFORMATION } from './transformations/active-directory.js';
import { LDAP_READ_TRANSFORMATION, LDAP_WRITE_TRANSFORMATION } from './transformations/ldap-server.js';

/** CONN-LDAP-95. */
const CONCURRENT_WRITES = 2;
/** Creation times have whole seconds, and so has the server's own time that they are translated by. */
const CREATION_TIME_GRANULARITY_MS = 2_000;

function ldapFactory(
  dialect: Dialect,
  defaultTransformations: ConnectorFactory['descriptor']['defaultTransformations'],
): ConnectorFactory {
  return {
    descriptor: {
      typeName: dialect.typeName,
      prefix: dialect.kind,
      roles: ['source', 'target'],
      properties: ldapProperties(dialect),
      toleratedNames: LDAP_TOLERATED_NAMES,
      defaultTransformations,
    },
    validate: (properties) => ldapErrors(properties, dialect),
    warnings: (properties) => ldapWarnings(properties, dialect),
    capabilities: (properties, role) => ({
      types: ['user', 'group'],
      paging: 'cursor',
      stableOrder: true,
      readOne: true,
      confirmsTogether: CONFIRMED_TOGETHER,
      filtersReads: true,
      updateMode: 'patch',
      conflictResolution: true,
      maxConcurrentWrites: CONCURRENT_WRITES,
      requestTimeoutMs: integerProperty(properties, 'com.sun.jndi.ldap.read.timeout', READ_TIMEOUT_MS),
      ...(dialect.kind === 'ad' ? adCapabilities(properties, role) : ldapCapabilities(properties, role)),
    }),
    open: (context) => openLdapConnector(context, dialect),
    samples: dialect.kind === 'ad' ? AD_SAMPLES : LDAP_SAMPLES,
  };
}

type Differing = Pick<
  Capabilities,
  'cursorResume' | 'delta' | 'deltaTypes' | 'repeatsEntities' | 'creationTimeGranularityMs'
>;

function ldapCapabilities(properties: Properties, role: 'source' | 'target'): Differing {
  const byTime = textProperty(properties, 'ldap.delta.attribute') !== undefined;
  const byLog = textProperty(properties, 'ldap.delta.accesslog.path') !== undefined;
  const delta = role === 'target' ? 'none' : byLog ? 'change-log' : byTime ? 'modified-filter' : 'none';
  return { cursorResume: 'connection', delta, deltaTypes: delta === 'none' ? [] : ['user', 'group'] };
}

function adCapabilities(properties: Properties, role: 'source' | 'target'): Differing {
  const delta = role === 'source' && wantsUsnDelta(properties) ? 'usn' : 'none';
  return {
    cursorResume: 'always',
    delta,
    deltaTypes: delta === 'none' ? [] : ['user', 'group'],
    // An object that changes while it is read moves to a counter that is still to come.
    repeatsEntities: true,
    creationTimeGranularityMs: CREATION_TIME_GRANULARITY_MS,
  };
}

/** Any directory that speaks LDAP 3. */
export const ldapServerFactory: ConnectorFactory = ldapFactory(GENERIC_LDAP, {
  read: LDAP_READ_TRANSFORMATION,
  write: LDAP_WRITE_TRANSFORMATION,
});

/** Domain controllers of Active Directory, Samba's among them. */
export const activeDirectoryFactory: ConnectorFactory = ldapFactory(ACTIVE_DIRECTORY, {
  read: AD_READ_TRANSFORMATION,
  write: AD_WRITE_TRANSFORMATION,
});
