/*
 * A process that reads all users of a system through a connector and keeps nothing: `node read-everybody.js <type> <address>`. Prints how many
 * there were. Run with a small heap it dies when the connector keeps what it has read.
 */
import { createRegistry } from '../../../dist/connectors/registry.js';

const [, , typeName = '', address = ''] = process.argv;
const isLdap = address.startsWith('ldap:');
const properties = isLdap
  ? {
      'ldap.url': address,
      'ldap.user': 'cn=admin',
      'ldap.user.path': 'ou=people,dc=example',
      'ldap.group.path': 'ou=groups,dc=example',
    }
  : { URL: address, Authentication: 'NoAuthentication', 'scim.discovery': 'off' };
const connector = createRegistry()
  .find(typeName)
  .open({
    config: { properties, secret: () => 'secret', secretNames: [] },
    clock: () => new Date(),
    log: { debug: () => undefined, warn: () => undefined },
  });
let count = 0;
let cursor = null;
do {
  const page = await connector.readPage({ type: 'user', mode: 'full', cursor });
  count += page.items.length;
  cursor = page.next;
} while (cursor !== null);
await connector.close();
console.log(count);
