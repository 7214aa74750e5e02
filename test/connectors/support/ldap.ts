import type { Connector, ConnectorContext } from '../../../connectors/contract.js';
import { ACTIVE_DIRECTORY, GENERIC_LDAP } from '../../../connectors/ldap/dialect.js';
import { openLdapConnector } from '../../../connectors/ldap/ldap.connector.js';
import type { SambaDc } from '../../../simulators/directories/samba.js';
import type { Slapd } from '../../../simulators/directories/slapd.js';
import type { RecordedLog } from './scim.js';

type Properties = Readonly<Record<string, string>>;

/** A connector with a log that is kept. */
export type RecordingConnector = Connector & { readonly recorded: RecordedLog };

/** Properties of a system for a slapd of the tests. */
export function slapdProperties(slapd: Slapd): Properties {
  return {
    'ldap.url': slapd.url,
    'ldap.user': slapd.rootDn,
    'ldap.user.path': slapd.peopleDn,
    'ldap.group.path': slapd.groupsDn,
    'com.sun.jndi.ldap.read.timeout': '5000',
    'com.sun.jndi.ldap.connect.timeout': '2000',
  };
}

/** A connector for a slapd of the tests. */
export function openSlapd(slapd: Slapd, more: Properties = {}, password = slapd.rootPassword): RecordingConnector {
  return openDirectory('ldap', { ...slapdProperties(slapd), ...more }, password);
}

/** Properties of a system for a domain controller of the tests, over TLS. */
export function sambaProperties(dc: SambaDc): Properties {
  return {
    'ldap.url': dc.tlsUrl,
    'ldap.user': dc.administrator,
    'ldap.user.path': `OU=People,${dc.baseDn}`,
    'ldap.group.path': `OU=Groups,${dc.baseDn}`,
    'ips.tls.ca.certificates': dc.authority,
    'com.sun.jndi.ldap.read.timeout': '20000',
    'com.sun.jndi.ldap.connect.timeout': '5000',
  };
}

/** A connector for a domain controller of the tests. */
export function openSamba(dc: SambaDc, more: Properties = {}, password = dc.password): RecordingConnector {
  return openDirectory('ad', { ...sambaProperties(dc), ...more }, password);
}

/** A connector for any directory. */
export function openDirectory(kind: 'ldap' | 'ad', properties: Properties, password: string): RecordingConnector {
  const recorded: RecordedLog = { lines: [] };
  const context: ConnectorContext = {
    config: { properties, secret: (name) => (name === 'ldap.password' ? password : undefined) },
    clock: () => new Date(),
    log: {
      debug: (fields, message) => void recorded.lines.push({ level: 'debug', fields, message }),
      warn: (fields, message) => void recorded.lines.push({ level: 'warn', fields, message }),
    },
  };
  return Object.assign(openLdapConnector(context, kind === 'ad' ? ACTIVE_DIRECTORY : GENERIC_LDAP), { recorded });
}
