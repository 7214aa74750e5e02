import { afterEach, describe, expect, it } from '@jest/globals';
import type { Connector } from '../../../connectors/contract.js';
import {
  startScimSimulator,
  type ScimSimulator,
  type ScimSimulatorOptions,
} from '../../../simulators/scim/simulator.js';
import { sendJson, startServer, type Responder, type TestServer } from '../support/http-server.js';
import { errorOf, idsOf, openScim, person, readAll, type OpenOptions } from '../support/scim.js';

const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

async function simulator(options: ScimSimulatorOptions): Promise<ScimSimulator> {
  const started = await startScimSimulator(options);
  closing.push(() => started.stop());
  return started;
}

async function server(responder: Responder): Promise<TestServer> {
  const started = await startServer(responder);
  closing.push(() => started.stop());
  return started;
}

function open(url: string, options: OpenOptions): Connector {
  const connector = openScim(url, options);
  closing.push(() => connector.close());
  return connector;
}

const basic = { Authentication: 'BasicAuthentication', User: 'client' };
const oauth = (tokenUrl: string, more: Record<string, string> = {}): OpenOptions => ({
  properties: { ...basic, OAuth2TokenServiceURL: tokenUrl, ...more },
  secrets: { Password: 's3cret' },
});
const people = (count: number) => Array.from({ length: count }, (_, n) => person(n));
const empty = { Resources: [], totalResults: 0 };
const read = (connector: Connector) => connector.readPage({ type: 'user', mode: 'full', cursor: null });

describe('credentials', () => {
  it('CONN-SCIM-02: basic authentication with User and Password', async () => {
    const { url } = await simulator({ auth: { kind: 'basic', user: 'client', password: 'pä:ss' } });
    const connector = open(url, { properties: basic, secrets: { Password: 'pä:ss' } });
    expect((await read(connector)).items).toEqual([]);
  });

  it('CONN-TCK-19: wrong password is auth for the system, after one request', async () => {
    const target = await simulator({ auth: { kind: 'basic', user: 'client', password: 'right' } });
    const connector = open(target.url, { properties: basic, secrets: { Password: 'wrong' } });
    expect(await errorOf(read(connector))).toMatchObject({ kind: 'auth', scope: 'system', outcome: 'not-applied' });
    expect(target.statistics().requests).toBe(1);
  });

  it('CONN-SCIM-05: a static authorization header counts only without other credentials, in any spelling', async () => {
    const target = await server(() => empty);
    const name = 'ips.http.header.AUTHorization';
    await read(open(target.url, { secrets: { [name]: 'Bearer static' } }));
    await read(open(target.url, { properties: basic, secrets: { [name]: 'Bearer static', Password: 'x' } }));
    expect(target.requests.map(({ headers }) => headers.authorization)).toEqual([
      'Bearer static',
      `Basic ${Buffer.from('client:x').toString('base64')}`,
    ]);
  });

  it('PRP-32: header properties are sent, those of the connector win', async () => {
    const target = await server(() => empty);
    const properties = { 'ips.http.header.X-Realm': 'r1', 'ips.http.header.Accept': 'text/html' };
    await read(open(target.url, { properties, secrets: { 'ips.http.header.X-Api-Key': 'k' } }));
    expect(target.requests[0]?.headers).toMatchObject({ 'x-realm': 'r1', 'x-api-key': 'k' });
    expect(target.requests[0]?.headers.accept).toContain('application/scim+json');
  });

  it('CONN-SCIM-03: client credentials in the header or in the form; the query of the token URL is kept', async () => {
    const tokens = await server(() => ({ access_token: 'T', expires_in: 3600 }));
    const target = await server(() => empty);
    await read(open(target.url, oauth(`${tokens.url}/token`, { OAuth2TokenScope: 'a b' })));
    await read(open(target.url, oauth(`${tokens.url}/token?grant_type=client_credentials`, { AuthType: 'Form' })));
    const [header, form] = tokens.requests;
    expect(header?.headers.authorization).toBe(`Basic ${Buffer.from('client:s3cret').toString('base64')}`);
    expect(header?.body).toBe('grant_type=client_credentials&scope=a+b');
    expect(form?.headers.authorization).toBeUndefined();
    expect(form?.body).toBe('client_id=client&client_secret=s3cret');
    expect(form?.url).toBe('/token?grant_type=client_credentials');
    expect(target.requests.map(({ headers }) => headers.authorization)).toEqual(['Bearer T', 'Bearer T']);
  });

  it('PRP-27: many calls at once fetch one token', async () => {
    const target = await simulator({
      auth: { kind: 'oauth', clientId: 'client', clientSecret: 's3cret' },
      users: people(3),
    });
    const connector = open(target.url, oauth(target.tokenUrl));
    await Promise.all(Array.from({ length: 8 }, () => read(connector)));
    expect(target.statistics().tokensIssued).toBe(1);
  });

  it('CONN-TCK-18: a token that expires during a read is renewed once, and no page is lost', async () => {
    const target = await simulator({
      auth: { kind: 'oauth', clientId: 'client', clientSecret: 's3cret' },
      users: people(250),
    });
    target.afterPage(1, () => target.expireTokens());
    const connector = open(target.url, oauth(target.tokenUrl));
    expect(new Set(idsOf(await readAll(connector, { type: 'user' }))).size).toBe(250);
    expect(target.statistics().tokensIssued).toBe(2);
  });

  it('CONN-SCIM-06: a second 401 in a row is auth; two requests and two tokens, no more', async () => {
    let issued = 0;
    const tokens = await server(() => ({ access_token: `T${++issued}` }));
    const target = await server((_request, response) => sendJson(response, 401, {}));
    const error = await errorOf(read(open(target.url, oauth(tokens.url))));
    expect(error).toMatchObject({ kind: 'auth', scope: 'system', status: 401 });
    expect(target.requests.map(({ headers }) => headers.authorization)).toEqual(['Bearer T1', 'Bearer T2']);
  });

  it('PRP-27, CONN-SCIM-07: a token is used until 60 s before it expires, without expiry for 5 minutes', async () => {
    let answer: object = { access_token: 'T', expires_in: 200 };
    const tokens = await server(() => answer);
    const target = await server(() => empty);
    let now = Date.parse('2026-01-01T00:00:00Z');
    const connector = open(target.url, { ...oauth(tokens.url), clock: () => new Date(now) });
    const issuedAfter = async (ms: number): Promise<number> => {
      now += ms;
      await read(connector);
      return tokens.requests.length;
    };
    expect(await issuedAfter(0)).toBe(1);
    expect(await issuedAfter(139_000)).toBe(1);
    answer = { access_token: 'T' };
    expect(await issuedAfter(1_000)).toBe(2);
    expect(await issuedAfter(299_000)).toBe(2);
    expect(await issuedAfter(1_000)).toBe(3);
  });

  it.each([
    [401, { error: 'invalid_client' }, 'auth'],
    [400, { error: 'invalid_scope', error_description: 's3cret' }, 'auth'],
    [404, {}, 'auth'],
    [429, {}, 'throttled'],
    [503, {}, 'badGateway'],
    [200, { token: 'x' }, 'protocol'],
    [200, { access_token: 'a\nb' }, 'protocol'],
  ])('ORD-7: a token answer %i %j is %s', async (status, body, kind) => {
    const tokens = await server((_request, response) => sendJson(response, status, body));
    const target = await server(() => empty);
    const error = await errorOf(read(open(target.url, oauth(tokens.url))));
    expect(error.kind).toBe(kind);
    expect(error.outcome).toBe('not-applied');
    expect(target.requests).toHaveLength(0);
    expect(error.safeMessage + error.adminMessage).not.toContain('s3cret');
  });

  it('CONN-TCK-20: a stop while the token is awaited cancels this caller only', async () => {
    let release = (): void => undefined;
    const asked = new Promise<void>((seen) => {
      void server(async () => {
        seen();
        await new Promise<void>((resolve) => (release = resolve));
        return { access_token: 'T' };
      }).then((tokens) => start(tokens.url));
    });
    let start: (tokenUrl: string) => void = () => undefined;
    const tokenUrl = new Promise<string>((resolve) => (start = resolve));
    const target = await server(() => empty);
    const connector = open(target.url, oauth(await tokenUrl));
    const stop = new AbortController();
    const stopped = errorOf(connector.readPage({ type: 'user', mode: 'full', cursor: null, signal: stop.signal }));
    const goesOn = read(connector);
    await asked;
    stop.abort();
    expect(await stopped).toMatchObject({ kind: 'cancelled', outcome: 'not-applied' });
    release();
    expect((await goesOn).items).toEqual([]);
  });
});
