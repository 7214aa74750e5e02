import { SearchRequest } from 'ldapts';
import { MadeEntry } from './entry.js';
import { present } from './filter/build.js';
import { parseGeneralizedTime } from './generalized-time.js';
import type { LdapSession } from './wire/session.js';

const ATTRIBUTES = [
  'namingContexts',
  'defaultNamingContext',
  'supportedControl',
  'supportedExtension',
  'supportedCapabilities',
  'subschemaSubentry',
  'dnsHostName',
  'dsServiceName',
  'highestCommittedUSN',
  'isSynchronized',
  'currentTime',
];

const AD_CAPABILITY = '1.2.840.113556.1.4.800';
const AD_LDS_CAPABILITY = '1.2.840.113556.1.4.1851';

/** What a server says about itself (CONN-LDAP-10). */
export interface RootDse {
  readonly defaultNamingContext: string | undefined;
  readonly controls: ReadonlySet<string>;
  readonly subschemaSubentry: string | undefined;
  readonly dnsHostName: string | undefined;
  readonly dsServiceName: string | undefined;
  readonly highestCommittedUsn: bigint | undefined;
  readonly isSynchronized: boolean;
  readonly currentTimeMs: number | undefined;
  readonly isActiveDirectory: boolean;
  readonly isLightweight: boolean;
}

/** Reads the root DSE over a session that is bound. */
export async function readRootDse(session: LdapSession, signal?: AbortSignal): Promise<RootDse> {
  const request = new SearchRequest({
    messageId: 0,
    baseDN: '',
    scope: 'base',
    filter: present('objectClass'),
    attributes: ATTRIBUTES,
    timeLimit: 0,
  });
  const { entries } = await session.search(request, { signal });
  const entry = entries[0] ?? new MadeEntry('', []);
  const usn = entry.text('highestCommittedUSN');
  const time = entry.text('currentTime');
  const capabilities = new Set(entry.texts('supportedCapabilities'));
  return {
    defaultNamingContext: entry.text('defaultNamingContext'),
    controls: new Set(entry.texts('supportedControl')),
    subschemaSubentry: entry.text('subschemaSubentry'),
    dnsHostName: entry.text('dnsHostName'),
    dsServiceName: entry.text('dsServiceName'),
    highestCommittedUsn: usn !== undefined && /^\d{1,20}$/.test(usn) ? BigInt(usn) : undefined,
    isSynchronized: entry.text('isSynchronized') !== 'FALSE',
    currentTimeMs: time === undefined ? undefined : parseGeneralizedTime(time),
    isActiveDirectory: capabilities.has(AD_CAPABILITY) || capabilities.has(AD_LDS_CAPABILITY),
    isLightweight: capabilities.has(AD_LDS_CAPABILITY),
  };
}
