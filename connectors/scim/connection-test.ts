import { isJsonObject } from '../../core/json.js';
import type { ConnectionReport } from '../contract.js';
import { isConnectorError, type ConnectorError } from '../errors.js';
import { booleanProperty, textProperty, type Properties } from '../property-values.js';
import type { Discovery } from './discovery.js';
import { listEnvelope, metaText } from './scim-envelope.js';
import { modifiedAfterFilter } from './scim-filter.js';
import type { ScimHttp } from './scim-http.js';
import type { ScimType } from './scim-settings.js';

type Check = ConnectionReport['checks'][number];

/** What the test needs. */
export interface ConnectionTestOptions {
  readonly http: ScimHttp;
  readonly discovery: Discovery;
  readonly properties: Properties;
  readonly clock: () => Date;
}

/** Tries everything a job needs, one line each, and never writes (CONN-SCIM-18). Throws only `cancelled`. */
export async function testScimConnection(
  options: ConnectionTestOptions,
  signal: AbortSignal | undefined,
): Promise<ConnectionReport> {
  const tests = [readUsers, readGroups, readDiscovery, filterByTime, fetchCsrfToken];
  const checks: Check[] = [];
  for (const test of tests) {
    const check = await test(options, signal);
    if (check !== undefined) checks.push(check);
    // Without connection and credentials the rest would only say the same again.
    if (checks.length === 1 && checks[0]?.ok === false) break;
  }
  return { ok: checks.every(({ ok }) => ok), checks };
}

type Test = (options: ConnectionTestOptions, signal: AbortSignal | undefined) => Promise<Check | undefined>;

const readUsers: Test = async ({ http }, signal) => {
  const name = 'Connect, authenticate and read users';
  return attempt(name, async () => `answered${total(await firstPage(http, 'user', undefined, signal))}`);
};

const readGroups: Test = async ({ http }, signal) => {
  const name = 'Read groups';
  const check = await attempt(name, async () => `answered${total(await firstPage(http, 'group', undefined, signal))}`);
  if (check.ok) return check;
  return { name, ok: true, message: `not available, which matters only if groups are provisioned: ${check.message}` };
};

const readDiscovery: Test = async ({ discovery, http, properties }, signal) => {
  const name = 'Discovery';
  if (!http.settings.discovery) return undefined;
  const check = await attempt(name, async () => {
    const features = await discovery.probe(signal);
    if (features === undefined) return 'not offered by the server; the properties decide';
    const patch = booleanProperty(properties, 'scim.support.patch.operation', false);
    if (patch && features.patch === false) {
      return 'warning: the server says that it does not support PATCH, but scim.support.patch.operation is true';
    }
    if (http.settings.sortBy !== undefined && features.sort === false) {
      return 'warning: the server says that it does not sort, but scim.sort.by is set; remove it';
    }
    return 'read';
  });
  return check.ok ? check : { name, ok: true, message: `not usable; the properties decide: ${check.message}` };
};

/** CONN-SCIM-36. Without it delta reads become full reads, so it is no failure. */
const filterByTime: Test = async ({ http, properties, clock }, signal) => {
  if (!/^(enabled|true)$/i.test(textProperty(properties, 'ips.delta.read') ?? '')) return undefined;
  const name = 'Delta read';
  const check = await attempt(name, async () => {
    const { resources } = await firstPage(http, 'user', undefined, signal);
    const sample = resources.find(isJsonObject);
    if (sample !== undefined && metaText(sample, 'lastModified') === undefined) {
      return 'warning: users carry no meta.lastModified; every read will be a full read';
    }
    await firstPage(http, 'user', modifiedAfterFilter(clock()), signal);
    return 'the server filters by meta.lastModified';
  });
  return check.ok ? check : { name, ok: true, message: `warning: every read will be a full read: ${check.message}` };
};

const fetchCsrfToken: Test = async ({ http }, signal) => {
  if (http.settings.csrfPath === undefined) return undefined;
  return attempt('CSRF token', async () => {
    await http.probeCsrf(signal);
    return 'fetched';
  });
};

async function firstPage(http: ScimHttp, type: ScimType, filter: string | undefined, signal: AbortSignal | undefined) {
  const response = await http.getOk({
    label: `list ${type}s`,
    kind: 'list',
    path: http.collectionPath(type),
    query: { startIndex: 1, count: 1, filter },
    signal,
  });
  return listEnvelope(response);
}

function total({ totalResults }: { totalResults: number | undefined }): string {
  return totalResults === undefined ? '' : `, ${totalResults} in total`;
}

async function attempt(name: string, action: () => Promise<string>): Promise<Check> {
  try {
    return { name, ok: true, message: await action() };
  } catch (error) {
    if (!isConnectorError(error) || error.kind === 'cancelled') throw error;
    return { name, ok: false, message: `${error.safeMessage}. ${remedy(error)}` };
  }
}

function remedy(error: ConnectorError): string {
  switch (error.kind) {
    case 'auth':
      return 'Check Authentication, User and Password, and with OAuth the token URL, AuthType and scope.';
    case 'forbidden':
      return 'Give the technical user the permission to read users and groups.';
    case 'timeout':
      return 'Check the URL and whether a firewall stands between.';
    case 'transient':
      return 'Check host, port and certificate, and whether the system is up.';
    case 'throttled':
    case 'badGateway':
      return 'The system is overloaded or being maintained; try again later.';
    case 'fatal':
    case 'notFound':
    case 'protocol':
    case 'unsupported':
    case 'invalid':
      return 'Check URL, scim.base.path and the resource paths.';
    case 'tooLarge':
    case 'ambiguous':
    case 'conflict':
    case 'precondition':
    case 'deltaLost':
    case 'cancelled':
      return 'See the documentation of the system.';
  }
}
