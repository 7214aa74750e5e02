import type { EntityType } from '../../core/entity-type.js';
import type { Connector, ConnectorContext } from '../contract.js';
import { ConnectorError } from '../errors.js';
import { AdReader } from './ad/ad-reader.js';
import { testLdapConnection } from './connection-test.js';
import type { Dialect } from './dialect.js';
import { findExisting } from './find-existing.js';
import { findHolders } from './find-holders.js';
import { LdapReader } from './ldap-reader.js';
import { DN_ATTRIBUTE, ldapSettings, type LdapType } from './ldap-settings.js';
import { LdapUpdater } from './ldap-updater.js';
import { LdapWriter } from './ldap-writer.js';
import { WriteSession } from './write-session.js';
import { matchEntries } from './match.js';
import { presentIds } from './present-ids.js';
import { Sessions } from './sessions.js';

/** A connector for one directory. Throws `fatal` for paths and filters that cannot be understood; opens no connection yet. */
export function openLdapConnector(context: ConnectorContext, dialect: Dialect): Connector {
  const settings = ldapSettings(context.config.properties, dialect);
  const sessions = new Sessions(context, settings);
  const isAd = dialect.kind === 'ad';
  const reader = isAd ? new AdReader(context, settings, sessions) : new LdapReader(context, settings, sessions);
  const session = new WriteSession(settings, sessions, reader);
  const writer = new LdapWriter(session);
  const updater = new LdapUpdater(session);
  const finding = { settings, sessions, reader };
  return {
    testConnection: ({ signal }) => testLdapConnection({ settings, sessions }, signal),
    readPage: async (request) => reader.readPage(ldapType(request.type), request),
    readOne: async (type, id, options) => reader.readOne(ldapType(type), id, options),
    readPresent: async (type, ids, options) =>
      presentIds(reader, sessions, settings, ldapType(type), ids, options.signal),
    create: async (type, body, options) => writer.create(ldapType(type), body, options),
    completeCreate: async (type, id, body, options) => writer.completeCreate(ldapType(type), id, body, options),
    update: async (type, id, change, options) => updater.update(ldapType(type), id, change, options),
    delete: async (type, id, options) => writer.delete(ldapType(type), id, options),
    resolveExisting: async (type, body, _keys, options) => findExisting(finding, ldapType(type), body, options),
    matchExisting: async (type, bodies, _keys, options) => matchEntries(finding, ldapType(type), bodies, options),
    uniqueKeys: () => (isAd ? [DN_ATTRIBUTE, 'sAMAccountName'] : [DN_ATTRIBUTE]),
    findHolders: async (type, id, body, options) => findHolders(finding, ldapType(type), id, body, options),
    close: async () => {
      reader.close();
      sessions.close();
    },
  };
}

/** CONN-CORE-11: refused without network traffic. */
function ldapType(type: EntityType): LdapType {
  if (type !== 'role') return type;
  const safeMessage = 'directories have users and groups, no roles; remove "role" from the transformation';
  throw new ConnectorError({ kind: 'unsupported', scope: 'system', outcome: 'not-applied', safeMessage });
}
