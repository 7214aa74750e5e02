import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { EXIT, runConformanceCommand } from '../../cli/conformance/run-conformance.js';
import { startScimSimulator, type ScimSimulator } from '../../simulators/scim/simulator.js';

describe('muster conformance', () => {
  const folder = mkdtempSync(join(tmpdir(), 'muster-conformance-'));
  let simulator: ScimSimulator;
  beforeAll(async () => {
    simulator = await startScimSimulator({});
  });
  afterAll(async () => {
    await simulator.stop();
    rmSync(folder, { recursive: true });
  });

  async function run(
    file: object | string,
    check: readonly string[] = [],
    json = false,
  ): Promise<{ code: number; text: string }> {
    const path = join(folder, 'system.json');
    writeFileSync(path, typeof file === 'string' ? file : JSON.stringify(file));
    const said: string[] = [];
    const code = await runConformanceCommand({ system: path, check, json }, (text) => said.push(text));
    return { code, text: said.join('\n') };
  }

  const system = () => ({
    type: 'SCIM System',
    properties: { URL: simulator.url, Authentication: 'NoAuthentication' },
    mayWrite: true,
  });

  it('names each check, its rules and its outcome, and ends with totals', async () => {
    const { code, text } = await run(system(), ['read-one', 'delete-twice']);
    expect(code).toBe(EXIT.ok);
    expect(text).toMatch(/passed {4}read-one: .* \[CONN-CORE-27, CONN-CORE-02, CONN-CORE-06\]/);
    expect(text).toContain('3 passed, 0 failed, 0 known deviations, 0 skipped');
  });

  it('a failed check gives exit code 1 and says what is wrong', async () => {
    const samples = { user: { body: { userName: '${mark}-${n}' }, name: '/userName', text: '/meta/location' } };
    const { code, text } = await run({ ...system(), samples }, ['create']);
    expect(code).toBe(EXIT.failed);
    expect(text).toMatch(/FAILED {4}create: .*\n {10}\/meta\/location is not what was written/);
  });

  it('results as JSON; a credential comes from a file beside the description', async () => {
    writeFileSync(join(folder, 'password.txt'), 'from-a-file\n');
    const secrets = { Password: { file: 'password.txt' } };
    const { code, text } = await run({ ...system(), secrets, mayWrite: false }, ['connection-test', 'create'], true);
    expect(code).toBe(EXIT.ok);
    expect(JSON.parse(text)).toMatchObject({
      results: [
        { id: 'connection-test', status: 'passed' },
        { id: 'create', status: 'skipped', text: 'writing is not allowed here' },
        { id: 'no-secrets-let-out', status: 'passed' },
      ],
    });
  });

  it.each([
    ['{', 'is no valid JSON'],
    [{ type: 'SCIM System' }, 'properties: '],
    [
      { type: 'SCIM System', properties: {}, samples: { user: { body: {}, name: 'userName', text: '/a' } } },
      'samples.user.name',
    ],
    [
      { type: 'Nothing', properties: {} },
      'there is no system type Nothing; known are Cloud Foundry UAA Server, LDAP Server, Microsoft Active Directory',
    ],
    [{ type: 'X', connector: './missing.js', properties: {} }, 'cannot be loaded'],
    [{ type: 'SCIM System', properties: {}, secrets: { Password: { file: 'none.txt' } } }, 'none.txt: cannot be read'],
  ])('a file that cannot be used gives exit code 2 and the field: %j', async (file, expected) => {
    const { code, text } = await run(file);
    expect(code).toBe(EXIT.unusable);
    expect(text).toContain(expected);
  });

  it('an unknown check is refused with the known ones', async () => {
    const { code, text } = await run(system(), ['nonsense']);
    expect(code).toBe(EXIT.unusable);
    expect(text).toContain('known are every-entity-once');
  });
});
