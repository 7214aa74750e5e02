import { afterEach } from '@jest/globals';
import type { Connector } from '../../../connectors/contract.js';
import { openDirectory } from './ldap.js';
import { startLdapStub, type LdapStub, type StubBehaviour } from './ldap-stub.js';

/** Connectors of one suite, each with a server of its own that lies as told; what was opened ends with its test. */
export interface StubbedDirectories {
  /** A connector with short timeouts; more properties than those stand in `properties`. */
  start(behaviour: StubBehaviour, properties?: Record<string, string>): Promise<Connector>;
  /** The server of the connector that was started last. */
  last(): LdapStub | undefined;
}

/** For the body of a `describe`. */
export function stubbedDirectories(): StubbedDirectories {
  const stubs: LdapStub[] = [];
  const opened: Connector[] = [];
  afterEach(async () => {
    for (const connector of opened.splice(0)) await connector.close();
    for (const stub of stubs.splice(0)) await stub.stop();
  });
  return {
    last: () => stubs.at(-1),
    start: async (behaviour, properties = {}) => {
      const stub = await startLdapStub(behaviour);
      stubs.push(stub);
      const connector = openDirectory(
        'ldap',
        {
          'ldap.url': stub.url,
          'ldap.user': 'cn=admin',
          'ldap.user.path': 'ou=people,dc=example',
          'ldap.group.path': 'ou=groups,dc=example',
          'com.sun.jndi.ldap.read.timeout': '300',
          'com.sun.jndi.ldap.connect.timeout': '300',
          ...properties,
        },
        'secret',
      );
      opened.push(connector);
      return connector;
    },
  };
}

/** A person of such a server. */
export function stubbedUser(uid: string): {
  readonly dn: string;
  readonly attributes: Record<string, readonly string[]>;
} {
  return { dn: `uid=${uid},ou=people,dc=example`, attributes: { objectClass: ['inetOrgPerson'], uid: [uid] } };
}
