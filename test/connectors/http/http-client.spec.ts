import { createServer as createTcpServer, type AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterEach, describe, expect, it } from '@jest/globals';
import { isConnectorError } from '../../../connectors/errors.js';
import { fixedCredentials } from '../../../connectors/http/credentials.js';
import {
  createHttpClient,
  type HttpClient,
  type HttpLimits,
  type HttpRequest,
} from '../../../connectors/http/http-client.js';
import { plainStatusError } from '../../../connectors/http/http-response.js';
import { errorOf } from '../support/scim.js';
import { sendJson, startServer, type Responder, type TestServer } from '../support/http-server.js';

const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

function clientFor(url: string, limits: Partial<HttpLimits> = {}, headers: Record<string, string> = {}): HttpClient {
  const client = createHttpClient({
    baseUrl: new URL(url),
    credentials: fixedCredentials(undefined),
    headers,
    tls: { trustAll: false },
    connections: 4,
    clock: () => new Date(),
    limits,
  });
  closing.push(() => client.close());
  return client;
}

async function given(
  responder: Responder,
  limits: Partial<HttpLimits> = {},
): Promise<{ server: TestServer; client: HttpClient }> {
  const server = await startServer(responder);
  closing.push(() => server.stop());
  return { server, client: clientFor(server.url, limits) };
}

const write: HttpRequest = { method: 'POST', path: '/Users', label: 'create user', kind: 'write', body: '{"a":1}' };
const list: HttpRequest = { method: 'GET', path: '/Users?filter=secret&count=1', label: 'list users', kind: 'list' };

describe('HTTP client', () => {
  it('sends method, path, headers and body, and gives status, headers and text', async () => {
    const { server, client } = await given((_request, response) =>
      sendJson(response, 201, { id: '1' }, { etag: 'W/"1"' }),
    );
    const response = await client.request({ ...write, headers: { 'content-type': 'application/scim+json' } });
    expect(response.status).toBe(201);
    expect(response.header('etag')).toBe('W/"1"');
    expect(response.text).toBe('{"id":"1"}');
    expect(server.requests[0]).toMatchObject({ method: 'POST', url: '/Users', body: '{"a":1}' });
    expect(server.requests[0]?.headers['content-type']).toBe('application/scim+json');
  });

  it('CONN-CORE-53: a refused connection is transient, system, not applied', async () => {
    const probe = await startServer(() => ({}));
    await probe.stop();
    const error = await errorOf(clientFor(probe.url).request(write));
    expect(error).toMatchObject({
      kind: 'transient',
      scope: 'system',
      outcome: 'not-applied',
      vendorCode: 'ECONNREFUSED',
    });
  });

  it('CONN-CORE-53: an unknown host name is transient, system, not applied', async () => {
    const error = await errorOf(clientFor('http://nobody.invalid').request(write));
    expect(error).toMatchObject({ kind: 'transient', scope: 'system', outcome: 'not-applied' });
    expect(error.safeMessage).toContain('cannot be resolved');
  });

  it('CONN-TCK-10: a write whose connection is cut after it was sent is transient with unknown outcome', async () => {
    const { client } = await given((_request, response) => void response.socket?.destroy());
    expect(await errorOf(client.request(write))).toMatchObject({
      kind: 'transient',
      scope: 'system',
      outcome: 'unknown',
    });
    expect(await errorOf(client.request(list))).toMatchObject({ kind: 'transient', outcome: 'not-applied' });
  });

  it('CONN-TCK-21: a server that never answers is a timeout at the limit; a write has unknown outcome', async () => {
    const { client } = await given(() => undefined, { writeTimeoutMs: 150, totalTimeoutMs: 150 });
    const started = performance.now();
    expect(await errorOf(client.request(write))).toMatchObject({
      kind: 'timeout',
      scope: 'system',
      outcome: 'unknown',
    });
    expect(performance.now() - started).toBeLessThan(2_000);
    expect(await errorOf(client.request(list))).toMatchObject({ kind: 'timeout', outcome: 'not-applied' });
  });

  it('CONN-CORE-53: a write that waited in vain for a connection was not applied', async () => {
    let arrived = 0;
    const stop = new AbortController();
    const { client, server } = await given(() => {
      if (++arrived === 4) stop.abort();
    });
    const busy = Array.from({ length: 4 }, () => errorOf(client.request(write)));
    const waiting = errorOf(client.request({ ...write, signal: stop.signal }));
    expect(await waiting).toMatchObject({ kind: 'cancelled', outcome: 'not-applied' });
    await client.close();
    expect((await Promise.all(busy)).map(({ outcome }) => outcome)).toEqual(Array(4).fill('unknown'));
    expect(server.requests).toHaveLength(4);
  });

  it('a write that was stopped while it waited for a connection is not sent when one becomes free', async () => {
    const held: (() => void)[] = [];
    const stop = new AbortController();
    const { client, server } = await given((_request, response) => {
      held.push(() => sendJson(response, 200, {}));
      if (held.length === 4) stop.abort();
    });
    const busy = Array.from({ length: 4 }, () => client.request(write));
    expect(await errorOf(client.request({ ...write, path: '/stopped', signal: stop.signal }))).toMatchObject({
      outcome: 'not-applied',
    });
    server.respond(() => ({}));
    for (const release of held) release();
    await Promise.all(busy);
    await Promise.all(Array.from({ length: 8 }, () => client.request(write)));
    expect(server.requests).toHaveLength(12);
    expect(server.requests.some(({ url }) => url === '/stopped')).toBe(false);
  });

  it('engine invariant 3: what forbids a write is asked once a connection is there, however long that took', async () => {
    const held: (() => void)[] = [];
    const { client, server } = await given((_request, response) => {
      held.push(() => sendJson(response, 200, {}));
    });
    const busy = Array.from({ length: 4 }, () => client.request(write));
    let isLate = false;
    const refusal = new Error('the lease is over');
    const waiting = client.request({
      ...write,
      path: '/late',
      beforeSend: () => {
        if (isLate) throw refusal;
      },
    });
    while (held.length < 4) await new Promise((resolve) => setImmediate(resolve));
    isLate = true;
    for (const release of held) release();
    await expect(waiting).rejects.toBe(refusal);
    await Promise.all(busy);
    expect(server.requests.some(({ url }) => url === '/late')).toBe(false);
  });

  it('CONN-TCK-20: an aborted read ends at once with cancelled', async () => {
    const stop = new AbortController();
    const { client } = await given(() => stop.abort());
    expect(await errorOf(client.request({ ...list, signal: stop.signal }))).toMatchObject({ kind: 'cancelled' });
  });

  it('CONN-CORE-23: nothing is sent once the signal is aborted', async () => {
    const { client, server } = await given(() => ({}));
    const error = await errorOf(client.request({ ...write, signal: AbortSignal.abort() }));
    expect(error).toMatchObject({ kind: 'cancelled', outcome: 'not-applied' });
    expect(server.requests).toHaveLength(0);
  });

  it('a write under way may finish after a stop, so that its outcome is known', async () => {
    const stop = new AbortController();
    const { client } = await given((_request, response) => {
      stop.abort();
      setImmediate(() => sendJson(response, 201, { id: '1' }));
    });
    expect((await client.request({ ...write, signal: stop.signal })).status).toBe(201);
  });

  it('a write that does not finish in the grace after a stop is cancelled with unknown outcome', async () => {
    const stop = new AbortController();
    const { client } = await given(() => stop.abort(), { writeCancelGraceMs: 50 });
    const error = await errorOf(client.request({ ...write, signal: stop.signal }));
    expect(error).toMatchObject({ kind: 'cancelled', outcome: 'unknown' });
  });

  it('CONN-CORE-26: a list answer above the cap is tooLarge at once, announced or streamed', async () => {
    const { client, server } = await given(
      (_request, response) => void response.writeHead(200, { 'content-length': '2000' }).write('x'),
      { listMaxBytes: 1_000, totalTimeoutMs: 500 },
    );
    expect(await errorOf(client.request(list))).toMatchObject({ kind: 'tooLarge', scope: 'page' });
    server.respond((_request, response) => {
      response.write('x'.repeat(600));
      response.write('x'.repeat(600));
    });
    expect(await errorOf(client.request(list))).toMatchObject({ kind: 'tooLarge' });
  });

  it('CONN-CORE-26: the cap also bounds what a compressed answer unfolds to', async () => {
    const bomb = gzipSync(Buffer.alloc(200_000, 0x20));
    const { client, server } = await given(
      (_request, response) => void response.writeHead(200, { 'content-encoding': 'gzip' }).end(bomb),
      { listMaxBytes: 1_000 },
    );
    expect(bomb.length).toBeLessThan(1_000);
    expect(await errorOf(client.request(list))).toMatchObject({ kind: 'tooLarge' });
    server.respond(
      (_request, response) => void response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync('{}')),
    );
    expect((await client.request(list)).text).toBe('{}');
    server.respond((_request, response) => void response.writeHead(200, { 'content-encoding': 'gzip' }).end('{}'));
    expect(await errorOf(client.request(list))).toMatchObject({ kind: 'protocol' });
  });

  it('bytes that are no UTF-8 are refused instead of changing names', async () => {
    const { client } = await given((_request, response) => void response.end(Buffer.from([0x22, 0xe4, 0x22])));
    expect(await errorOf(client.request(list))).toMatchObject({ kind: 'protocol' });
  });

  it('CONN-SCIM-08: a redirect is not followed', async () => {
    const { client, server } = await given((_request, response) => {
      response.writeHead(302, { location: '/elsewhere' }).end();
    });
    const response = await client.request(list);
    expect(plainStatusError(response)).toMatchObject({ kind: 'fatal', scope: 'system' });
    expect(server.requests).toHaveLength(1);
  });

  it('ORD-11: the message for administrators has the address without query values, the safe one has no address', async () => {
    const { client, server } = await given((_request, response) => sendJson(response, 500, {}));
    const error = plainStatusError(await client.request(list));
    expect(error.adminMessage).toBe(
      `HTTP operation failed invoking ${server.url}/Users?filter=…&count=… with statusCode: 500, Response: `,
    );
    expect(error.safeMessage).toBe('list users: HTTP 500');
  });

  it('CONN-TCK-22: an answer that is no HTTP is protocol, one that breaks off is transient', async () => {
    const raw = createTcpServer((socket) => void socket.once('data', () => socket.end('GARBAGE\r\n\r\n')));
    await new Promise<void>((resolve) => raw.listen(0, '127.0.0.1', resolve));
    closing.push(() => new Promise((resolve) => void raw.close(() => resolve())));
    const { port } = raw.address() as AddressInfo;
    const error = await errorOf(clientFor(`http://127.0.0.1:${port}`).request(list));
    expect(error).toMatchObject({ kind: 'protocol' });
    const { client } = await given((_request, response) => {
      response.writeHead(200, { 'content-length': '100' }).write('{"Resources":[');
      setImmediate(() => response.destroy());
    });
    expect(await errorOf(client.request(list))).toMatchObject({ kind: 'transient', scope: 'system' });
  });

  it('throws nothing but ConnectorError, also for what undici refuses to send', async () => {
    const { client } = await given(() => ({}));
    const call = client.request({ ...list, path: '/a b' });
    await call.catch((error: unknown) => expect(isConnectorError(error)).toBe(true));
  });
});
