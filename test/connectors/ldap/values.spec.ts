import { describe, expect, it } from '@jest/globals';
import { fileTimeInstant, guidText, sidText } from '../../../connectors/ldap/binary.js';
import { EntryAttribute, MadeEntry, type Entry } from '../../../connectors/ldap/entry.js';
import { changesOf } from '../../../connectors/ldap/entry-diff.js';
import { formatGeneralizedTime, parseGeneralizedTime } from '../../../connectors/ldap/generalized-time.js';
import { maskDiagnostic } from '../../../connectors/ldap/mask.js';
import { bodyMaker } from '../../../connectors/ldap/native-entity.js';
import { completeRanges, UnreadableEntryError } from '../../../connectors/ldap/range-retrieval.js';
import { classChain, NO_SCHEMA, parseSchema, readSchema, withBytes } from '../../../connectors/ldap/schema.js';
import type { OpenedSession } from '../../../connectors/ldap/sessions.js';
import { RESULT } from '../../../connectors/ldap/wire/result-codes.js';
import { ResultError } from '../../../connectors/ldap/wire/wire-error.js';
import { collectGarbage } from '../../support/garbage.js';

function entry(attributes: Record<string, readonly (string | Buffer)[]>): Entry {
  return new MadeEntry(
    'cn=x,dc=example',
    Object.entries(attributes).map(
      ([name, values]) =>
        new EntryAttribute(
          name,
          values.map((value) => (typeof value === 'string' ? Buffer.from(value) : value)),
        ),
    ),
  );
}

describe('CONN-LDAP-40, CONN-CORE-08: binary values', () => {
  const guid = Buffer.from('33221100554477668899aabbccddeeff', 'hex');

  it('a GUID is written as administration tools show it: the first three groups little-endian', () => {
    expect(guidText(guid)).toBe('00112233-4455-6677-8899-aabbccddeeff');
    expect(guidText(guid.subarray(1))).toBeUndefined();
  });

  it('a SID is written in its S- form', () => {
    const sid = Buffer.from('010500000000000515000000dcf4dc3b833d2b46828ba62800020000', 'hex');
    expect(sidText(sid)).toBe('S-1-5-21-1004336348-1177238915-682003330-512');
    expect(sidText(sid.subarray(0, 10))).toBeUndefined();
  });

  it('file times: never is absent, everything else an instant', () => {
    expect(fileTimeInstant('0')).toBeUndefined();
    expect(fileTimeInstant('9223372036854775807')).toBeUndefined();
    expect(fileTimeInstant('132223104000000000')).toBe('2020-01-01T00:00:00.000Z');
  });

  it('bytes are base64, with a readable form beside it; text stays text; passwords are not delivered', () => {
    const projection = { requested: [], internal: new Set(['usnchanged']), spelling: new Map([['mail', 'MAIL']]) };
    const { bodyOf } = bodyMaker(projection, new Set(['mybytes']));
    const body = bodyOf(
      entry({
        objectGUID: [guid],
        mail: ['a@b.c', 'd@e.f'],
        photo: [Buffer.from([0xff, 0xd8])],
        myBytes: ['text'],
        uSNChanged: ['7'],
        userPassword: ['{SSHA}x'],
        'userPassword;lang-en': ['{SSHA}y'],
        accountExpires: ['0'],
        empty: [],
      }),
    );
    expect(body).toEqual({
      objectGUID: [guid.toString('base64')],
      'objectGUID;guid': ['00112233-4455-6677-8899-aabbccddeeff'],
      MAIL: ['a@b.c', 'd@e.f'],
      photo: ['/9g='],
      'photo;encoding': ['base64'],
      myBytes: [Buffer.from('text').toString('base64')],
      accountExpires: ['0'],
      distinguishedName: ['cn=x,dc=example'],
    });
  });
});

it('CONN-TCK-22: a server that invents names of attributes does not fill the memory of a connector', () => {
  const { isDelivered } = bodyMaker({ requested: [], internal: new Set(), spelling: new Map() }, new Set());
  collectGarbage();
  const before = process.memoryUsage().heapUsed;
  for (let n = 0; n < 300_000; n += 1) isDelivered({ spelled: `name${n}`, key: `name${n}` });
  collectGarbage();
  expect(process.memoryUsage().heapUsed - before).toBeLessThan(8_000_000);
  expect(isDelivered({ spelled: 'name7', key: 'name7' })).toBe(true);
});

describe('CONN-AD-01, CONN-AD-02: range retrieval', () => {
  const names = (from: number, to: number): string[] =>
    Array.from({ length: to - from + 1 }, (_, index) => `cn=m${from + index}`);
  /** A server that shows 10 values at a time of `total`; `moves` of the rounds see the counter move. */
  function server(total: number, moves: number) {
    let counter = 0;
    let reads = 0;
    return {
      read: async (attributes: readonly string[]) => {
        reads += 1;
        const from = /range=(\d+)/.exec(attributes[0] ?? '')?.[1];
        if (from === undefined && counter < moves) counter += 1;
        if (from === undefined) return entry({ uSNChanged: [String(counter)] });
        const last = Math.min(Number(from) + 9, total - 1);
        const end = last === total - 1 ? '*' : String(last);
        return entry({ [`member;range=${from}-${end}`]: names(Number(from), last), uSNChanged: [String(counter)] });
      },
      reads: () => reads,
    };
  }
  const first = entry({ member: [], 'member;range=0-9': names(0, 9), uSNChanged: ['0'] });

  it('the empty list beside a range is not taken at its word: every value is read', async () => {
    const whole = await completeRanges(first, server(35, 0).read);
    expect(whole.texts('member')).toEqual(names(0, 34));
    expect([...whole.all().values()].map(({ name }) => name)).toEqual(['uSNChanged', 'member']);
  });

  it('a change in between leads to another round, three in a row to a failure', async () => {
    const whole = await completeRanges(first, server(35, 2).read);
    expect(whole.texts('member')).toEqual(names(0, 34));
    await expect(completeRanges(first, server(35, 9).read)).rejects.toThrow(UnreadableEntryError);
  });

  it('an entry without ranges costs no request; one that vanishes is a failure', async () => {
    const { read, reads } = server(5, 0);
    const plain = entry({ member: ['a'] });
    expect(await completeRanges(plain, read)).toBe(plain);
    expect(reads()).toBe(0);
    await expect(completeRanges(first, async () => undefined)).rejects.toThrow(UnreadableEntryError);
  });
});

describe('CONN-LDAP-75 to CONN-LDAP-78: minimal modify', () => {
  const now = entry({ sn: ['Old'], mail: ['a', 'b', 'c', 'd', 'e'], title: ['T'], manager: ['CN=Boss, DC=example'] });
  const wanted = (values: Record<string, string[]>) =>
    changesOf(
      now,
      Object.entries(values).map(([name, list]) => ({ name, values: list })),
      NO_SCHEMA,
    ).map(({ operation, modification }) => `${operation} ${modification.type} ${modification.values.join(' ')}`.trim());

  it('nothing differs, nothing is sent; what is not named is left alone', () => {
    expect(wanted({ sn: ['Old'], mail: ['e', 'd', 'c', 'b', 'a'] })).toEqual([]);
    expect(wanted({ nothing: [] })).toEqual([]);
    expect(wanted({ manager: ['cn=boss,dc=example'] })).toEqual([]);
  });

  it('one value is replaced, an empty list removes', () => {
    expect(wanted({ sn: ['New'], title: [] })).toEqual(['replace sn New', 'delete title']);
  });

  it('few of many are added and deleted, many are replaced', () => {
    expect(wanted({ mail: ['a', 'b', 'c', 'd', 'x'] })).toEqual(['delete mail e', 'add mail x']);
    expect(wanted({ mail: ['a', 'x', 'y', 'z'] })).toEqual(['replace mail a x y z']);
  });

  it('a value that only changes its case is replaced: both spellings cannot be there together', () => {
    expect(wanted({ mail: ['A', 'b', 'c', 'd', 'e'] })).toEqual(['replace mail A b c d e']);
  });
});

describe('CONN-LDAP-62: schema', () => {
  const schema = parseSchema(
    [
      "( 0.9.2342.19200300.100.1.60 NAME 'jpegPhoto' SYNTAX 1.3.6.1.4.1.1466.115.121.1.28 )",
      "( 2.5.4.3 NAME ( 'cn' 'commonName' ) SUP name )",
      "( 1.2 NAME 'id' EQUALITY caseExactMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.15{32} SINGLE-VALUE )",
    ],
    [
      "( 2.5.6.0 NAME 'top' ABSTRACT MUST objectClass )",
      "( 2.5.6.6 NAME 'person' SUP top STRUCTURAL )",
      "( 2.5.6.7 NAME 'organizationalPerson' SUP person )",
      "( 2.16 NAME 'inetOrgPerson' SUP ( organizationalPerson ) )",
    ],
  );

  it('a class comes with its superiors, an unknown one alone', () => {
    expect(classChain(schema, 'INETORGPERSON')).toEqual(['top', 'person', 'organizationalPerson', 'inetOrgPerson']);
    expect(classChain(schema, 'own')).toEqual(['own']);
  });

  const readFrom = (code: number) =>
    readSchema({
      session: { search: () => Promise.reject(new ResultError(code, '', '')) },
      rootDse: { subschemaSubentry: 'cn=schema' },
    } as unknown as OpenedSession);

  it('CONN-LDAP-40: a server that is busy has a schema all the same, and one that hides it is read without', async () => {
    for (const code of [RESULT.busy, RESULT.unavailable, RESULT.timeLimitExceeded])
      await expect(readFrom(code)).rejects.toThrow(ResultError);
    expect(await readFrom(RESULT.insufficientAccessRights)).toBe(NO_SCHEMA);
    expect(await readFrom(RESULT.noSuchObject)).toBe(NO_SCHEMA);
  });

  it('CONN-LDAP-40: what the administrator names is binary, whatever the schema says', () => {
    expect([...withBytes(schema, ['Logo', 'jpegPhoto']).binary]).toEqual(['jpegphoto', 'logo']);
    expect([...withBytes(NO_SCHEMA, ['Logo']).binary]).toEqual(['logo']);
  });

  it('syntax tells bytes, case and number of values', () => {
    expect([...schema.binary]).toEqual(['jpegphoto']);
    expect([...schema.caseExact]).toEqual(['id']);
    expect([...schema.singleValued]).toEqual(['id']);
  });
});

describe('generalized time', () => {
  it.each([
    ['20260131120000Z', '2026-01-31T12:00:00.000Z'],
    ['20260131120000.5Z', '2026-01-31T12:00:00.500Z'],
    ['202601311200+0130', '2026-01-31T10:30:00.000Z'],
    ['2026013112-05', '2026-01-31T17:00:00.000Z'],
  ])('%s', (text, instant) => {
    expect(new Date(parseGeneralizedTime(text) ?? 0).toISOString()).toBe(instant);
  });

  it('what is no time is none, and times are written in whole seconds, cut off', () => {
    expect(parseGeneralizedTime('yesterday')).toBeUndefined();
    expect(formatGeneralizedTime(Date.parse('2026-01-31T12:00:00.999Z'))).toBe('20260131120000Z');
  });
});

describe('CONN-LDAP-90: diagnostic messages are masked', () => {
  it.each([
    ['no such object: uid=jane.doe,ou=people,dc=example,dc=org', 'no such object: ***'],
    ["invalid value 'Jane Doe' for sn", 'invalid value "***" for sn'],
    ["object class 'inetOrgPerson' requires attribute 'sn'", 'object class inetOrgPerson requires attribute sn'],
    ['user jane@example.org is locked', 'user *** is locked'],
    ['0000052D: Constraint violation, data 0', '0000052D: Constraint violation, data 0'],
    ['mail=jane is not unique', 'mail=*** is not unique'],
  ])('%s', (text, masked) => {
    expect(maskDiagnostic(text)).toBe(masked);
  });
});
