import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import { sendJson, startServer } from './support/http-server.js';
import { startLdapStub } from './support/ldap-stub.js';

const run = promisify(execFile);
const CHILD = fileURLToPath(new URL('support/read-everybody.js', import.meta.url));
const PAGE = 100;
/** Of every person: with the people below, several times what the heap can hold. */
const LONG_TEXT = 'x'.repeat(2_000);
const HEAP_MB = 40;
const SCIM_PEOPLE = 60_000;
const LDAP_PEOPLE = 40_000;

/* A read of a million takes minutes. A heap that is far too small for those who are read says as much, as long as nothing of them may stay. */
describe('memory of a long read', () => {
  const readBy = async (typeName: string, address: string): Promise<number> => {
    const limits = [`--max-old-space-size=${HEAP_MB}`];
    const { stdout } = await run(process.execPath, [...limits, CHILD, typeName, address]);
    return Number(stdout);
  };

  it('CONN-TCK-26, CONN-CORE-26: a SCIM system of 60,000 people in a heap of 40 MB', async () => {
    const server = await startServer(({ url }, response) => {
      const start = Number(new URL(url, 'http://any').searchParams.get('startIndex'));
      const Resources = Array.from({ length: Math.min(PAGE, SCIM_PEOPLE - start + 1) }, (_, n) => ({
        id: `u${start + n}`,
        userName: `person${start + n}`,
        nickName: LONG_TEXT,
      }));
      sendJson(response, 200, { totalResults: SCIM_PEOPLE, itemsPerPage: Resources.length, Resources });
      // The requests of a server are kept for tests that look at them.
      server.requests.length = 0;
    });
    try {
      expect(await readBy('SCIM System', server.url)).toBe(SCIM_PEOPLE);
    } finally {
      await server.stop();
    }
  }, 60_000);

  it('CONN-TCK-26: a directory of 40,000 people in a heap of 40 MB', async () => {
    const stub = await startLdapStub(({ no }) => ({
      entries: Array.from({ length: PAGE }, (_, n) => ({
        dn: `uid=u${no * PAGE + n},ou=people,dc=example`,
        attributes: { objectClass: ['inetOrgPerson'], uid: [`u${no * PAGE + n}`], description: [LONG_TEXT] },
      })),
      cookie: (no + 1) * PAGE < LDAP_PEOPLE ? String(no) : '',
    }));
    try {
      expect(await readBy('LDAP Server', stub.url)).toBe(LDAP_PEOPLE);
    } finally {
      await stub.stop();
    }
  }, 60_000);
});
