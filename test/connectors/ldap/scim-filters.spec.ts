import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { NativeFilter } from '../../../core/filter/filter-model.js';
import { throughReadMapping } from '../../../core/filter/native-filter.js';
import { parseScimFilter } from '../../../core/filter/parse-filter.js';
import { isJsonObject } from '../../../core/json.js';
import type { JsonObject } from '../../../core/json.js';
import { compileTransformation } from '../../../core/transform/index.js';
import { LDAP_READ_TRANSFORMATION } from '../../../connectors/ldap/transformations/ldap-server.js';
import { ldapServerFactory } from '../../../connectors/ldap/ldap.factory.js';
import { scimSystemFactory } from '../../../connectors/scim/scim.factory.js';
import { ldifOf } from '../../../simulators/directories/ldif.js';
import { startSlapd, type Slapd } from '../../../simulators/directories/slapd.js';
import { matchesFilter as matchesAsServer } from '../../../simulators/scim/filter-match.js';
import { parseFilter as parseAsServer } from '../../../simulators/scim/filter-parser.js';
import { describeSlapd } from '../../support/directories.js';
import { openSlapd, type RecordingConnector } from '../support/ldap.js';
import { errorOf, idsOf, openScim, readAll } from '../support/scim.js';

const PROPERTIES: Record<string, string> = Object.fromEntries(
  ldapServerFactory.descriptor.properties.flatMap(({ name, predefinedValue, defaultValue }) => {
    const value = predefinedValue ?? defaultValue;
    return value === undefined ? [] : [[name, value]];
  }),
);
const USER: JsonObject = isJsonObject(LDAP_READ_TRANSFORMATION['user']) ? LDAP_READ_TRANSFORMATION['user'] : {};
/** More attributes than the default mapping has: one that differs by case, one without substrings, numbers, and booleans of the server. */
const MORE = [
  { sourcePath: '$.employeeNumber[0]', targetPath: '$.employeeNumber', optional: true },
  {
    sourcePath: '$.labeledURI[*]',
    targetPath: '$.urls[?(@.value)]',
    preserveArrayWithSingleElement: true,
    optional: true,
  },
  { sourcePath: '$.manager[0]', targetPath: '$.manager', optional: true },
  { sourcePath: '$.description[0]', targetPath: '$.title', optional: true },
  { sourcePath: '$.notInTheSchema[0]', targetPath: '$.nickName', optional: true },
  { sourcePath: '$.distinguishedName[0]', targetPath: '$.profileUrl', optional: true },
];
const MAPPING: JsonObject = { mappings: [...(Array.isArray(USER['mappings']) ? USER['mappings'] : []), ...MORE] };

const NAMES = ['anna', 'Bert', 'star*', 'par(en)', 'back\\slash', 'ümläut 李', 'a b', 'ohne'];

function entryOf(uid: string, n: number): [string, Record<string, string | string[]>] {
  const escaped = uid.replace(/[\\,+"<>;=#]/g, (character) => `\\${character}`);
  const own: Record<string, string | string[]> = { objectClass: ['inetOrgPerson'], uid, cn: uid, sn: `Sn ${n % 3}` };
  if (uid === 'ohne') return [`uid=${escaped},ou=people,dc=example,dc=org`, own];
  return [
    `uid=${escaped},ou=people,dc=example,dc=org`,
    {
      ...own,
      mail: [`${n}@example.org`, `second.${n}@example.org`],
      givenName: `Given ${n}`,
      mobile: `+49 ${n}`,
      telephoneNumber: `+49 9${n}`,
      employeeNumber: String(n),
      labeledURI: [`https://example.org/${n}`, `https://Example.org/${n}`],
      manager: 'uid=anna,ou=people,dc=example,dc=org',
      description: n % 2 === 0 ? 'Clerk' : 'clerk of  all',
    },
  ];
}

describeSlapd('SCIM filters on OpenLDAP', () => {
  let slapd: Slapd;
  const opened: RecordingConnector[] = [];
  const open = (properties: Record<string, string> = {}): RecordingConnector => {
    const connector = openSlapd(slapd, { 'ldap.page.size': '4', ...properties });
    opened.push(connector);
    return connector;
  };
  beforeAll(async () => {
    slapd = await startSlapd({ ldif: ldifOf(NAMES.map(entryOf)) });
  }, 60_000);
  afterEach(async () => {
    for (const connector of opened.splice(0)) await connector.close();
  });
  afterAll(() => slapd?.stop());

  const through = (filter: string): NativeFilter =>
    throughReadMapping(parseScimFilter(filter).filter, MAPPING, PROPERTIES);

  const read = async (filter: string, properties?: Record<string, string>): Promise<string[]> =>
    idsOf(await readAll(open(properties), { type: 'user', where: through(filter) })).sort();

  /** Everybody, as the common JSON of the mapping, under the filters of somebody else's SCIM server. */
  async function expected(filter: string): Promise<string[]> {
    const compiled = compileTransformation({ user: MAPPING }, { direction: 'read', properties: PROPERTIES });
    const program = compiled.ok ? compiled.program.types.get('user') : undefined;
    // The other server knows only the form that RFC 7644 has in its grammar.
    const node = parseAsServer(filter.replace(/\[([^\]]+)\]\.(\w+ (?:pr|\w+ "[^"]*"))/, '[$1 and $2]'));
    const items = (await readAll(open(), { type: 'user' })).flatMap((page) => page.items);
    return items
      .filter(({ id, body, lastModified }) => {
        const outcome = program?.read(body, { now: new Date(), randomInt: () => 0 });
        if (outcome?.kind !== 'mapped') throw new Error('not mapped');
        return matchesAsServer({ ...outcome.common, id, meta: { lastModified: lastModified ?? '' } }, node);
      })
      .map(({ id }) => id)
      .sort();
  }

  it.each([
    'userName eq "ANNA"',
    'emails.value sw "second"',
    'not (emails.value sw "second")',
    'phoneNumbers[type eq "mobile"]',
    'userName ne "anna"',
    'userName eq "star*"',
    'userName sw "STAR*"',
    'userName co "(en)"',
    'userName eq "back\\\\slash"',
    'userName ew "\\\\slash"',
    'userName eq "ümläut 李"',
    'userName eq "a b"',
    'userName eq "a  b"',
    'not (userName eq "a b")',
    'userName co ""',
    'userName gt "b" and userName le "star*"',
    'not (userName gt "b")',
    'name.familyName eq "sn 1" and not (emails pr)',
    'emails.value eq "3@EXAMPLE.org"',
    'emails[value sw "3@"]',
    'emails[type eq "work"].value pr',
    'phoneNumbers[type eq "mobile"].value eq "+49 2"',
    'phoneNumbers[type eq "work" and value ew "2"] or userName eq "anna"',
    'phoneNumbers[not (type eq "work") and value pr]',
    'phoneNumbers.value pr',
    'not (phoneNumbers.value pr)',
    'employeeNumber eq "4"',
    'employeeNumber ge "4"',
    'urls.value co "example.org/4"',
    'manager co "anna"',
    'title eq "clerk"',
    'title co "of  all"',
    'title ne "clerk"',
    'nickName pr',
    'not (nickName pr) and userName eq "anna"',
    'nickName ne "x"',
    'profileUrl ew ",ou=people,dc=example,dc=org" and userName sw "a"',
    'displayName eq "never mapped" or userName eq "anna"',
    'meta.lastModified gt "2020-01-01T00:00:00Z"',
    'meta.lastModified lt "2020-01-01T00:00:00Z" or userName eq "anna"',
    'not (meta.lastModified ge "2020-01-01T00:00:00Z")',
    'id eq "anna"',
    'schemas eq "urn:ietf:params:scim:schemas:core:2.0:User"',
  ])('CONN-LDAP-46, CONN-LDAP-47: %s finds whom another SCIM server would find', async (filter) => {
    expect(await read(filter)).toEqual(await expected(filter));
  });

  it('CONN-LDAP-46: the table above tells something: most of its filters find some and not all', async () => {
    expect(await read('userName eq "anna"')).toEqual(['anna']);
    expect(await read('userName eq "*"')).toEqual([]);
    expect(await read('userName pr')).toHaveLength(NAMES.length);
  });

  it('CONN-LDAP-46: the filter property goes on to hold beside it', async () => {
    expect(await read('userName pr', { 'ldap.user.filter': '(|(uid=anna)(uid=Bert))' })).toEqual(['Bert', 'anna']);
    expect(await read('userName sw "b"', { 'ldap.user.filter': '(|(uid=anna)(uid=Bert))' })).toEqual(['Bert']);
  });

  it('CONN-LDAP-46: the time of a change: greater is greater, though the server knows only greater or equal', async () => {
    const [entry] = (await readAll(open(), { type: 'user', where: through('userName eq "anna"') })).flatMap(
      ({ items }) => items,
    );
    const at = entry?.lastModified ?? '';
    expect(await read(`userName eq "anna" and meta.lastModified gt "${at}"`)).toEqual([]);
    expect(await read(`userName eq "anna" and meta.lastModified ge "${at}"`)).toEqual(['anna']);
    const before = new Date(Date.parse(at) - 1).toISOString();
    expect(await read(`userName eq "anna" and meta.lastModified gt "${before}"`)).toEqual(['anna']);
    expect(await read(`userName eq "anna" and meta.lastModified le "${before}"`)).toEqual([]);
  });

  it('CONN-LDAP-46: a delta read under a filter delivers what has changed and fulfils it', async () => {
    const delta = { 'ldap.delta.attribute': 'modifyTimestamp' };
    const connector = open(delta);
    const pages = await readAll(connector, { type: 'user' });
    const watermark = pages.at(-1)?.watermark;
    if (watermark === undefined) throw new Error('no mark');
    slapd.modify(
      ['anna', 'Bert']
        .map((uid) => `dn: uid=${uid},ou=people,dc=example,dc=org\nchangetype: modify\nreplace: title\ntitle: new\n`)
        .join('\n'),
    );
    const changed = await readAll(connector, {
      type: 'user',
      mode: 'delta',
      watermark,
      where: through('userName eq "bert"'),
    });
    expect(idsOf(changed)).toEqual(['Bert']);
  });

  it('CONN-LDAP-46: groups a user is in are DNs to the server: refused, and named', async () => {
    const error = await errorOf(
      open().readPage({ type: 'user', mode: 'full', cursor: null, where: through('groups.value eq "x"') }),
    );
    expect(error).toMatchObject({ kind: 'unsupported', outcome: 'not-applied' });
    expect(error.safeMessage).toContain('the filter on groups.value: memberOf holds DNs, not identifiers');
    expect(error.safeMessage).not.toContain('"x"');
  });
});

describe('systems that take no filter', () => {
  it('CONN-CORE-11, CONN-LDAP-46: a SCIM system says so, in its capabilities and without a request', async () => {
    expect(scimSystemFactory.capabilities({}, 'source').filtersReads).toBeUndefined();
    expect(ldapServerFactory.capabilities({}, 'source').filtersReads).toBe(true);
    const connector = openScim('http://127.0.0.1:1');
    const where: NativeFilter = { kind: 'always', holds: true };
    const error = await errorOf(connector.readPage({ type: 'user', mode: 'full', cursor: null, where }));
    expect(error.kind).toBe('unsupported');
    await connector.close();
  });
});
