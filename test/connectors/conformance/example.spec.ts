import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { EXIT, runConformanceCommand } from '../../../cli/conformance/run-conformance.js';

const MODULE = fileURLToPath(new URL('../../../docs/examples/staff-list-connector.js', import.meta.url));
const TOKEN = 'token-of-the-staff-list';

interface Person {
  readonly id: string;
  readonly login: string;
}

/** The invented service of the example. */
function startStaffList() {
  const people = new Map<string, Person>();
  let lastId = 0;
  const answer = (response: ServerResponse, status: number, body?: object): void => {
    response
      .writeHead(status, { 'content-type': 'application/json' })
      .end(body === undefined ? '' : JSON.stringify(body));
  };
  const list = (url: URL): object => {
    const login = url.searchParams.get('login');
    if (login !== null) return { people: [...people.values()].filter((person) => person.login === login), more: false };
    const after = Number(url.searchParams.get('after') ?? 0);
    const limit = Number(url.searchParams.get('limit'));
    const rest = [...people.values()].filter(({ id }) => Number(id) > after);
    return { people: rest.slice(0, limit), more: rest.length > limit };
  };
  const taken = (login: string, id?: string): boolean =>
    [...people.values()].some((person) => person.login === login && person.id !== id);
  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const url = new URL(request.url ?? '/', 'http://x');
    const id = decodeURIComponent(url.pathname.replace(/^\/people\/?/, ''));
    if (request.headers.authorization !== `Bearer ${TOKEN}`) return answer(response, 401);
    if (id === '' && request.method === 'GET') return answer(response, 200, list(url));
    const body = chunks.length === 0 ? {} : (JSON.parse(Buffer.concat(chunks).toString()) as Person);
    if (id === '') {
      if (taken((body as Person).login)) return answer(response, 409);
      lastId += 1;
      const made = { ...body, id: String(lastId) } as Person;
      people.set(made.id, made);
      return answer(response, 201, made);
    }
    if (!people.has(id)) return answer(response, 404);
    if (request.method === 'PUT') people.set(id, { ...body, id } as Person);
    if (request.method === 'DELETE') people.delete(id);
    answer(response, request.method === 'DELETE' ? 204 : 200, request.method === 'DELETE' ? undefined : people.get(id));
  };
  return { server: createServer((request, response) => void handle(request, response)), people };
}

describe('docs/examples/staff-list-connector.js', () => {
  const folder = mkdtempSync(join(tmpdir(), 'muster-example-'));
  const { server, people } = startStaffList();
  beforeAll(async () => {
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
  });
  afterAll(() => {
    server.closeAllConnections();
    server.close();
    rmSync(folder, { recursive: true });
  });

  async function check(token: string) {
    const { port } = server.address() as AddressInfo;
    const system = {
      type: 'Staff List',
      connector: relative(folder, MODULE),
      properties: { URL: `http://127.0.0.1:${port}` },
      secrets: { Password: token },
      mayWrite: true,
    };
    const file = join(folder, 'staff-list.json');
    writeFileSync(file, JSON.stringify(system));
    const said: string[] = [];
    const code = await runConformanceCommand({ system: file, check: [], json: true }, (text) => said.push(text));
    return { code, results: JSON.parse(said.join('')).results as { id: string; status: string; text: string }[] };
  }

  it('CONN-EXT-07: a connector of a third party is loaded from its module and passes every check that fits', async () => {
    const { code, results } = await check(TOKEN);
    expect(results.filter(({ status }) => status === 'failed')).toEqual([]);
    expect(code).toBe(EXIT.ok);
    const passed = results.filter(({ status }) => status === 'passed').map(({ id }) => id);
    expect(passed).toEqual(
      expect.arrayContaining(['every-entity-once', 'lost-answer', 'throttled', 'no-secrets-let-out']),
    );
    expect(passed.length).toBeGreaterThan(25);
    expect(people.size).toBe(0);
  }, 60_000);
});
