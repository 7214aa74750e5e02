import type { EntityType } from '../../core/entity-type.js';
import type { Connector, ConnectorContext, ConnectorLog } from '../contract.js';
import { ConnectorError } from '../errors.js';
import { createHttpClient, type HttpLimits } from '../http/http-client.js';
import { configuredCredentials, configuredHeaders, secretValues, tlsOptions } from '../http/http-settings.js';
import { BulkWrites } from './bulk-writes.js';
import { testScimConnection } from './connection-test.js';
import { Discovery } from './discovery.js';
import { ScimMatcher } from './match.js';
import { areasOf, demandOrigins } from './origins.js';
import { fitting } from './fitting.js';
import { probeScim } from './probe/probe.js';
import { presentIds } from './present-ids.js';
import { profileInForce } from './profile-overrides.js';
import type { ScimProfile } from './profile.js';
import { ScimHttp, type ScimWrites } from './scim-http.js';
import { ScimReader } from './scim-reader.js';
import { scimSettings, urlOf, type ScimType } from './scim-settings.js';
import { ScimWriter } from './scim-writer.js';

const ACCEPT = 'application/scim+json, application/json;q=0.9';
/** Reads that go on beside the writes of one process. */
const READ_CONNECTIONS = 4;

/** A connector for one SCIM system. Throws `fatal` if there is no usable URL; opens no connection yet. */
export function openScimConnector(
  context: ConnectorContext,
  base: ScimProfile,
  prefix: string,
  limits: Partial<HttpLimits> = {},
): Connector {
  const { properties } = context.config;
  const profile = profileInForce(base, properties);
  const settings = scimSettings(properties, profile, prefix);
  const baseUrl = urlOf(properties);
  if (baseUrl === undefined) {
    const safeMessage = 'URL is not set or is not an address; set it to the base address of the system';
    throw new ConnectorError({ kind: 'fatal', scope: 'system', outcome: 'not-applied', safeMessage });
  }
  const client = createHttpClient({
    baseUrl,
    credentials: configuredCredentials(context),
    secrets: secretValues(context),
    // Those of the connector come last and win (PRP-32).
    headers: { ...configuredHeaders(context.config), accept: ACCEPT },
    tls: tlsOptions(context),
    connections: settings.maxConcurrentWrites + READ_CONNECTIONS,
    clock: context.clock,
    limits,
    pace: context.pace,
    guard: context.guard,
  });
  const http = new ScimHttp(client, settings);
  const discovery = new Discovery(http, context.clock, context.memory);
  const reader = new ScimReader({ http, profile, discovery, clock: context.clock, log: context.log });
  const writer = new ScimWriter({
    http,
    writes: writesOf(context, { http, discovery, profile }),
    profile,
    reader,
    discovery,
  });
  const fit = fitting(profile, prefix, settings.userMember);
  const matcher = new ScimMatcher({
    reader,
    namesWithin: areasOf(profile),
    // Where a search has a second step each entity takes it on its own (CNF-5).
    takesAlternatives: profile.filter === 'full' && settings.userKeysAfter === undefined,
    resolve: (type, body, keys, options) => writer.resolve(type, body, keys, options),
  });
  return {
    testConnection: (options) =>
      testScimConnection({ http, discovery, properties, clock: context.clock }, options.signal),
    readPage: async (request) => {
      if (request.where !== undefined) throw unfiltered();
      demandOrigins(profile, prefix, properties);
      return reader.readPage(scimType(request.type), request);
    },
    readOne: async (type, id, options) => reader.readOne(scimType(type), id, options),
    readPresent: async (type, ids, options) =>
      presentIds({ reader, settings, ids: profile.ids }, scimType(type), ids, options.signal),
    create: async (type, body, options) => writer.create(scimType(type), fit.ofCreate(type, body), options),
    update: async (type, id, change, options) => writer.update(scimType(type), id, fit.ofUpdate(type, change), options),
    delete: async (type, id, options) => writer.delete(scimType(type), id, options),
    changeMembers: (groupId, change, options) => writer.changeMembers(groupId, change, options),
    resolveExisting: async (type, body, keys, options) => writer.resolve(scimType(type), body, keys, options),
    matchExisting: async (type, bodies, keys, options) => matcher.match(scimType(type), bodies, keys, options),
    uniqueKeys: (type) => settings.uniqueKeys[scimType(type)],
    findHolders: async (type, id, body, options) => writer.findHolders(scimType(type), id, body, options),
    probe: (options) => probeScim({ http, reader, discovery }, options),
    close: () => http.close(),
  };
}

/** Single requests, or bulk requests where they are configured (WRT-3). */
function writesOf(
  { clock, log }: ConnectorContext,
  {
    http,
    discovery,
    profile,
  }: { readonly http: ScimHttp; readonly discovery: Discovery; readonly profile: ScimProfile },
): ScimWrites {
  const { bulkOperations, maxConcurrentWrites } = http.settings;
  if (bulkOperations === undefined) return withAcceptedNoted(http, log);
  const { types, updatesApart = [] } = profile.bulk;
  const options = {
    http,
    discovery,
    clock,
    log,
    types,
    updatesApart,
    maxOperations: bulkOperations,
    maxConcurrentWrites,
  };
  return withAcceptedNoted(new BulkWrites(options), log);
}

/** CONN-SCIM-65: 202 counts as done, though nobody has said that it is. */
function withAcceptedNoted(writes: ScimWrites, log: ConnectorLog): ScimWrites {
  return {
    write: async (write) => {
      const response = await writes.write(write);
      if (response.status === 202) log.warn({}, `${write.label}: accepted (202), not confirmed; it counts as done`);
      return response;
    },
  };
}

/** CONN-CORE-11: the filter of a SCIM system is its property. */
function unfiltered(): ConnectorError {
  const safeMessage = 'list: a read of a SCIM system takes no filter beside its filter properties';
  return new ConnectorError({ kind: 'unsupported', scope: 'system', outcome: 'not-applied', safeMessage });
}

/** CONN-CORE-11: refused without network traffic. */
function scimType(type: EntityType): ScimType {
  if (type !== 'role') return type;
  const safeMessage = 'SCIM systems have users and groups, no roles; remove "role" from the transformation';
  throw new ConnectorError({ kind: 'unsupported', scope: 'system', outcome: 'not-applied', safeMessage });
}
