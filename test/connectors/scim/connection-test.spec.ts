import { afterEach, describe, expect, it } from '@jest/globals';
import type { ConnectionReport } from '../../../connectors/contract.js';
import {
  startScimSimulator,
  type ScimSimulator,
  type ScimSimulatorOptions,
} from '../../../simulators/scim/simulator.js';
import { startServer } from '../support/http-server.js';
import { errorOf, openScim, person, type OpenOptions } from '../support/scim.js';

const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

async function report(url: string, options: OpenOptions = {}): Promise<ConnectionReport> {
  const connector = openScim(url, options);
  closing.push(() => connector.close());
  return connector.testConnection({});
}

async function simulator(options: ScimSimulatorOptions = {}): Promise<ScimSimulator> {
  const started = await startScimSimulator(options);
  closing.push(() => started.stop());
  return started;
}

const auto = { 'scim.discovery': 'auto' };

describe('test connection (PRP-11, CONN-SCIM-18)', () => {
  it('CONN-SCIM-18: reads one user, one group and the discovery, and never writes', async () => {
    const target = await simulator({ users: [person(1)] });
    const { ok, checks } = await report(target.url, { properties: auto });
    expect(ok).toBe(true);
    expect(checks.map(({ name, ok: fine }) => `${name}: ${fine}`)).toEqual([
      'Connect, authenticate and read users: true',
      'Read groups: true',
      'Discovery: true',
    ]);
    expect(checks[0]?.message).toBe('answered, 1 in total');
    expect(target.statistics().byMethod).toEqual({ GET: 3 });
  });

  it('wrong credentials end it with one line and the remedy', async () => {
    const target = await simulator({ auth: { kind: 'basic', user: 'u', password: 'right' } });
    const options = {
      properties: { ...auto, Authentication: 'BasicAuthentication', User: 'u' },
      secrets: { Password: 'wr0ng' },
    };
    const result = await report(target.url, options);
    expect(result.ok).toBe(false);
    expect(result.checks).toHaveLength(1);
    expect(result.checks[0]?.message).toContain('Check Authentication, User and Password');
    expect(JSON.stringify(result)).not.toContain('wr0ng');
  });

  it('a system that is not there names host and port as the place to look', async () => {
    const target = await simulator();
    await target.down();
    const { ok, checks } = await report(target.url);
    expect(ok).toBe(false);
    expect(checks[0]?.message).toContain('connection refused');
  });

  it('a login page names the URL as the place to look', async () => {
    const server = await startServer((_request, response) => void response.end('<html>'));
    closing.push(() => server.stop());
    expect((await report(server.url)).checks[0]?.message).toMatch(/login page or a wrong URL.*Check URL/);
  });

  it('CONN-SCIM-17: a server that says it has no PATCH is a warning, the property decides', async () => {
    const target = await simulator({ dialect: 'put-only' });
    const { ok, checks } = await report(target.url, {
      properties: { ...auto, 'scim.support.patch.operation': 'true' },
    });
    expect(ok).toBe(true);
    expect(checks.at(-1)?.message).toContain('warning');
  });

  it('CONN-SCIM-15: no discovery is no failure', async () => {
    const target = await simulator({ dialect: 'demo-legacy' });
    const { ok, checks } = await report(target.url, { properties: auto });
    expect(ok).toBe(true);
    expect(checks.at(-1)).toMatchObject({ name: 'Discovery', message: expect.stringContaining('not offered') });
  });

  it('CONN-SCIM-36: delta is tried only when enabled; a server without the filter gives a warning', async () => {
    const properties = { 'ips.delta.read': 'enabled' };
    const good = await simulator({ users: [person(1)] });
    expect((await report(good.url, { properties })).checks.at(-1)).toMatchObject({ name: 'Delta read', ok: true });
    const poor = await simulator({ dialect: 'no-filter', users: [person(1)] });
    const { ok, checks } = await report(poor.url, { properties });
    expect(ok).toBe(true);
    expect(checks.at(-1)?.message).toContain('every read will be a full read');
  });

  it('CONN-SCIM-18: a CSRF path that gives no token fails', async () => {
    const target = await simulator();
    const properties = { 'scim.api.csrf.protection': 'enabled', 'scim.csrf.token.path': '/Users' };
    const { ok, checks } = await report(target.url, { properties });
    expect(ok).toBe(false);
    expect(checks.at(-1)).toMatchObject({ name: 'CSRF token', ok: false });
  });

  it('a stop is thrown, not reported', async () => {
    const target = await simulator();
    const connector = openScim(target.url);
    closing.push(() => connector.close());
    expect((await errorOf(connector.testConnection({ signal: AbortSignal.abort() }))).kind).toBe('cancelled');
  });
});
