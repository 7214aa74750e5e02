import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { OAuth2Server } from 'oauth2-mock-server';
import { HttpFront } from '../../../connectors/conformance/http-front.js';
import { startScimSimulator, type ScimSimulator } from '../../../simulators/scim/simulator.js';
import { errorOf, idsOf, openScim, person, readAll } from '../support/scim.js';

/* An OAuth server that nobody of this project wrote, before a SCIM server that takes nothing but its tokens. */
describe('OAuth 2.0 with a foreign server', () => {
  const oauth = new OAuth2Server();
  let simulator: ScimSimulator;
  let gate: HttpFront;
  let asked: { readonly authorization: string; readonly body: string }[] = [];
  let valid = new Set<string>();

  beforeAll(async () => {
    await oauth.issuer.keys.generate('RS256');
    await oauth.start(0, '127.0.0.1');
    oauth.service.on('beforeResponse', (answer, request) => {
      asked.push({ authorization: request.headers.authorization ?? '', body: JSON.stringify(request.body) });
      const token: unknown = (answer.body as { access_token?: unknown }).access_token;
      if (typeof token === 'string') valid.add(`Bearer ${token}`);
    });
    simulator = await startScimSimulator({ users: Array.from({ length: 12 }, (_, n) => person(n)) });
    gate = await HttpFront.start(new URL(simulator.url).origin);
    gate.interfere = ({ authorization }, forward) =>
      valid.has(authorization) ? forward() : { status: 401, headers: {}, body: '' };
  });
  afterAll(async () => {
    await gate.stop();
    await simulator.stop();
    await oauth.stop();
  });
  beforeEach(() => {
    asked = [];
    valid = new Set();
  });

  const open = (more: Record<string, string> = {}) =>
    openScim(`http://127.0.0.1:${gate.port}${new URL(simulator.url).pathname}`, {
      properties: {
        Authentication: 'BasicAuthentication',
        User: 'muster',
        OAuth2TokenServiceURL: `${oauth.issuer.url}/token`,
        'scim.page.size': '5',
        ...more,
      },
      secrets: { Password: 'client secret' },
    });

  it.each([
    ['Basic', `Basic ${Buffer.from('muster:client secret').toString('base64')}`, 'grant_type'],
    ['Form', '', '"client_secret":"client secret"'],
  ])('CONN-SCIM-03: client credentials as %s, one token for all pages', async (AuthType, authorization, inBody) => {
    const connector = open({ AuthType, OAuth2TokenScope: 'scim.read scim.write' });
    expect(new Set(idsOf(await readAll(connector, { type: 'user' }))).size).toBe(12);
    expect(asked).toHaveLength(1);
    expect(asked[0]?.authorization).toBe(authorization);
    expect(asked[0]?.body).toContain(inBody);
    expect(asked[0]?.body).toContain('scim.read scim.write');
    await connector.close();
  });

  it('CONN-TCK-18, CONN-SCIM-06: a token that is withdrawn in mid-read is renewed once, and no page is lost', async () => {
    const connector = open();
    const first = await connector.readPage({ type: 'user', mode: 'full', cursor: null });
    valid.clear();
    const rest = await connector.readPage({ type: 'user', mode: 'full', cursor: first.next });
    expect(rest.items).toHaveLength(5);
    expect(asked).toHaveLength(2);
    await connector.close();
  });

  it('CONN-TCK-19: a client that is refused is auth for the whole system', async () => {
    oauth.service.once('beforeResponse', (answer) => {
      answer.statusCode = 401;
      answer.body = { error: 'invalid_client' };
    });
    const connector = open();
    const error = await errorOf(connector.readPage({ type: 'user', mode: 'full', cursor: null }));
    expect(error).toMatchObject({ kind: 'auth', scope: 'system' });
    await connector.close();
  });
});
