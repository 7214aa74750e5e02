import { strFromU8, unzipSync } from 'fflate';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { startScimSimulator } from '../../simulators/scim/simulator.js';
import type { ScimSimulator } from '../../simulators/scim/simulator.js';
import { testTemporal } from '../support/temporal.js';
import { person } from '../support/world.js';
import { TestMuster } from './support/muster.js';
import type { System } from './support/muster.js';

const temporal = await testTemporal();

const RECORD = 'ips.trace.created.entity';
const CONTENT = 'ips.trace.created.entity.content';

temporal.describe('contents of traced entities, from the property to the ZIP', () => {
  let muster: TestMuster;
  let source: ScimSimulator;
  let target: ScimSimulator;
  let hr: System;

  beforeAll(async () => {
    muster = await TestMuster.start({ temporalAddress: temporal.address });
    source = await startScimSimulator({ users: [person('Ann', { password: 'Quokka-1' })] });
    target = await startScimSimulator();
    hr = await muster.addSource('HR', source);
    await muster.addTarget('Cloud', target, hr);
  }, 60_000);

  afterAll(async () => {
    await muster?.stop();
    await Promise.all([source, target].map((simulator) => simulator?.stop()));
  });

  const propertiesOf = async (): Promise<{ properties: Record<string, string>; warnings: unknown[] }> =>
    Object(await muster.client.send('GET', `/systems/${hr.id}/properties`));

  async function download(path: string, token = muster.client.token): Promise<{ status: number; text: string }> {
    const answer = await fetch(`${muster.apiUrl}${path}`, { headers: { authorization: `Bearer ${token}` } });
    const bytes = new Uint8Array(await answer.arrayBuffer());
    const [file] = answer.ok ? Object.values(unzipSync(bytes)) : [];
    return { status: answer.status, text: file === undefined ? '' : strFromU8(file) };
  }

  it('TRC-2, TRC-3, TRC-4, TRC-7, TRC-9, DWN-2, DWN-6, DWN-9, PRP-51, PRP-52: warned about alone, used by one job, shown without secrets, and off again', async () => {
    await muster.client.changeProperties(hr.id, { [CONTENT]: 'true' });
    expect((await propertiesOf()).warnings).toEqual([
      { property: CONTENT, message: `${CONTENT} has no effect while ${RECORD} is not true` },
    ]);
    await muster.client.changeProperties(hr.id, { [RECORD]: 'true' });
    expect((await propertiesOf()).warnings).toEqual([]);

    const job = await muster.run(hr);
    expect(job.outcome).toEqual([`Switched off by the platform after this job: ${CONTENT}`]);
    expect((await propertiesOf()).properties).toMatchObject({ [RECORD]: 'true', [CONTENT]: 'false' });
    const log = `/api/v1/jobs/${job.id}/logs/createdEntitiesLog`;
    const { text } = await download(log);
    const [head, system, content = ''] = text.split('\n');
    expect([head, system]).toEqual([expect.stringMatching(/^user:/), 'system=Cloud']);
    expect(JSON.parse(content.replace(/^content=/, ''))).toMatchObject({
      userName: 'Ann@example.com',
      password: '••••••••',
    });
    expect(JSON.parse((await download(`${log}?format=jsonl`)).text)).toMatchObject({
      operation: 'create',
      content: { userName: 'Ann@example.com', password: '••••••••' },
    });
    const reference = `/ips/service/publicapi/v1/jobLogs/${job.id}?action=export&logType=createdEntitiesLog`;
    expect((await download(reference)).text).toBe(text);
    expect((await download(log, 'somebody')).status).toBe(401);

    source.store.add('User', person('Ben'));
    const next = await muster.run(hr);
    expect(next.outcome).toEqual([]);
    expect((await download(`/api/v1/jobs/${next.id}/logs/createdEntitiesLog`)).text).toMatch(
      /^user:\S+\nsystem=Cloud\ncontent = <hidden content>\n\n$/,
    );
    expect(muster.logged()).not.toContain('Quokka-1');
  }, 60_000);

  it('LOG-5, TRC-1, PRP-57: failed entities of a job are shown with their content if that was traced, else it is hidden', async () => {
    target.faults.arm({ effect: { kind: 'status', status: 400 }, match: { key: 'Cem@example.com' } });
    source.store.add('User', person('Cem', { password: 'Quokka-2' }));
    await muster.client.changeProperties(hr.id, { 'ips.trace.failed.entity.content': 'true' });
    const shown = async (): Promise<string[]> => {
      const { id } = await muster.run(hr);
      const { failedEntities } = Object(await muster.client.send('GET', `/jobs/${id}`));
      return failedEntities.map(({ content }: { content: string }) => content);
    };
    const [content = '', ...more] = await shown();
    expect([JSON.parse(content), more]).toEqual([
      expect.objectContaining({ userName: 'Cem@example.com', password: '••••••••' }),
      [],
    ]);
    expect(await shown()).toEqual(['<hidden content>']);
  }, 60_000);
});
