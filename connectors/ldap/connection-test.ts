import type { ConnectionReport } from '../contract.js';
import { isConnectorError, type ConnectorError } from '../errors.js';
import { formatDn } from './dn/dn.js';
import { allOf, equals, present } from './filter/build.js';
import { connectorError, type Operation } from './ldap-error.js';
import type { LdapSettings, LdapType } from './ldap-settings.js';
import { readEntry, searchFew } from './search.js';
import type { OpenedSession, Sessions } from './sessions.js';

type Check = ConnectionReport['checks'][number];

interface TestTools {
  readonly settings: LdapSettings;
  readonly sessions: Sessions;
}

/** Tries everything a job needs, one line each, and never writes (CONN-LDAP-16). Throws only `cancelled`. */
export async function testLdapConnection(tools: TestTools, signal: AbortSignal | undefined): Promise<ConnectionReport> {
  const connection = await attempt('Connect and authenticate', () => connect(tools, signal));
  // Without connection and credentials the rest would only say the same again.
  if (!connection.ok) return { ok: false, checks: [connection] };
  const checks = [connection];
  for (const type of ['user', 'group'] as const) {
    checks.push(await attempt(`Path of ${type}s`, () => readPath(tools, type, signal)));
    checks.push(await attempt(`Read ${type}s`, () => readSome(tools, type, signal)));
  }
  checks.push(await attempt('Capabilities', () => capabilities(tools, signal)));
  if (tools.settings.dialect.kind === 'ad') {
    checks.push(await attempt('Rights to write', () => visibleRights(tools, signal)));
  }
  return { ok: checks.every(({ ok }) => ok), checks };
}

function use<T>(
  { sessions }: TestTools,
  label: string,
  signal: AbortSignal | undefined,
  run: (opened: OpenedSession) => Promise<T>,
) {
  const operation: Operation = { label, kind: 'system' };
  return sessions.use(operation, signal, run);
}

/** CONN-LDAP-11: another kind of server than configured is a warning. */
function connect(tools: TestTools, signal: AbortSignal | undefined): Promise<string> {
  return use(tools, 'connect', signal, async ({ rootDse, session }) => {
    const secure = session.isEncrypted ? 'encrypted' : 'warning: not encrypted, the password is sent readable';
    const isAd = tools.settings.dialect.kind === 'ad';
    if (isAd && !rootDse.isActiveDirectory)
      return `${secure}; warning: this is no Active Directory, use the system type LDAP Server`;
    if (isAd && rootDse.isLightweight) return `${secure}; this is Active Directory Lightweight Directory Services`;
    if (isAd && !rootDse.isSynchronized)
      return `${secure}; warning: the domain controller has not finished its first synchronization`;
    if (!isAd && rootDse.isActiveDirectory)
      return `${secure}; warning: this is Active Directory, use the system type Microsoft Active Directory`;
    return secure;
  });
}

function readPath(tools: TestTools, type: LdapType, signal: AbortSignal | undefined): Promise<string> {
  const base = formatDn(tools.settings.types[type].base);
  return use(tools, `read the path of ${type}s`, signal, async ({ session }) => {
    const entry = await readEntry(session, { base, filter: present('objectClass'), attributes: ['1.1'] }, signal);
    if (entry !== undefined) return 'exists';
    const operation: Operation = { label: `ldap.${type}.path`, kind: 'system' };
    throw connectorError('fatal', operation, 'does not exist, or ldap.user may not see it');
  });
}

function readSome(tools: TestTools, type: LdapType, signal: AbortSignal | undefined): Promise<string> {
  const { base, filter, objectClass } = tools.settings.types[type];
  return use(tools, `search ${type}s`, signal, async ({ session }) => {
    const found = await searchFew(
      session,
      {
        base: formatDn(base),
        scope: tools.settings.scope,
        filter: allOf(equals('objectClass', objectClass), filter),
        attributes: ['1.1'],
        sizeLimit: 1,
      },
      signal,
    );
    return found.length > 0 ? 'answered' : `warning: no entry matches the class ${objectClass} and the filter`;
  });
}

const CONTROLS: Readonly<Record<string, string>> = {
  '1.2.840.113556.1.4.319': 'paging',
  '1.2.840.113556.1.4.1413': 'permissive modify',
  '1.2.840.113556.1.4.417': 'show deleted',
  '1.2.840.113556.1.4.1339': 'domain scope',
};

function capabilities(tools: TestTools, signal: AbortSignal | undefined): Promise<string> {
  return use(tools, 'read capabilities', signal, async ({ rootDse }) => {
    const known = Object.entries(CONTROLS).map(([oid, name]) => `${name} ${rootDse.controls.has(oid) ? 'yes' : 'no'}`);
    return known.join(', ');
  });
}

/** Reported, not tested: what the technical user is shown of its rights is all that can be known without writing. */
function visibleRights(tools: TestTools, signal: AbortSignal | undefined): Promise<string> {
  const base = formatDn(tools.settings.types.user.base);
  const attributes = ['allowedChildClassesEffective', 'allowedAttributesEffective'];
  return use(tools, 'read rights', signal, async ({ session }) => {
    const entry = await readEntry(session, { base, filter: present('objectClass'), attributes }, signal);
    const classes = entry?.texts('allowedChildClassesEffective') ?? [];
    const { objectClass } = tools.settings.types.user;
    const may = classes.some((name) => name.toLowerCase() === objectClass.toLowerCase());
    return may
      ? `ldap.user may create ${objectClass} entries`
      : `ldap.user is not shown the right to create ${objectClass} entries`;
  });
}

async function attempt(name: string, action: () => Promise<string>): Promise<Check> {
  try {
    return { name, ok: true, message: await action() };
  } catch (error) {
    if (!isConnectorError(error) || error.kind === 'cancelled') throw error;
    return { name, ok: false, message: `${error.safeMessage}. ${remedy(error)}`.trim() };
  }
}

function remedy({ kind }: ConnectorError): string {
  switch (kind) {
    case 'auth':
      return 'Check ldap.user and ldap.password.';
    case 'forbidden':
      return 'Give ldap.user the right to read users and groups.';
    case 'timeout':
      return 'Check ldap.url and whether a firewall stands between.';
    case 'transient':
      return 'Check host, port and certificate, and whether the server is up.';
    default:
      return 'Check ldap.url, the paths and the filters.';
  }
}
