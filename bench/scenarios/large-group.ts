import { addSystem } from '../engine/systems.js';
import type { BenchStack } from '../engine/stack.js';
import type { BenchSystem } from '../engine/systems.js';
import { measureJob } from '../measure/measured-job.js';
import type { MeasuredJob } from '../measure/measured-job.js';
import { CONCURRENT_WRITES } from '../options.js';
import type { BenchOptions } from '../options.js';
import { RawProcess } from '../raw/raw-process.js';
import type { ScenarioOutcome } from '../result.js';
import { personId } from '../../simulators/population.js';
import { resetTargets, SEED, setLatency, startServers } from '../servers.js';
import type { BenchServers } from '../servers.js';
import { engineMeasures } from './measures.js';
import type { ScenarioTools } from './tools.js';

const GROUP_SCHEMA = 'urn:ietf:params:scim:schemas:core:2.0:Group';
const NAME = 'Everybody';

/** One group of everybody: one member is added, then one removed; each costs a full read and, in the target, one small request. */
export async function largeGroup(tools: ScenarioTools, options: BenchOptions): Promise<ScenarioOutcome> {
  const servers = await tools.use(startServers({ people: options.entities, targets: 1 }));
  const [target] = servers.targets;
  if (target === undefined) throw new Error('there is no target');
  const { control } = servers.source;
  const members = Array.from({ length: options.entities }, (_, number) => ({
    value: personId(number, SEED),
    type: 'User',
  }));
  const group = await control.add('Group', {
    schemas: [GROUP_SCHEMA],
    displayName: NAME,
    members: members.slice(1),
  });
  tools.say('R0: raw paged read of the people');
  await setLatency(servers, options.latencyMs);
  const r0 = await rawRead(servers, options);
  await setLatency(servers, 0);
  await resetTargets(servers);

  const stack = await tools.stack();
  const source = await configure(stack, servers, options);
  tools.say('first load');
  const load = await measureJob(stack, source);
  await setLatency(servers, options.latencyMs);
  const invalidBecause: string[] = [];
  const change = async (what: string, changed: typeof members): Promise<MeasuredJob> => {
    tools.say(what);
    await control.update('Group', group, { members: changed });
    const job = await measureJob(stack, source, { profile: options.profileFolder !== undefined });
    const [written] = await target.control.find('Group', 'displayName', NAME);
    const count = Array.isArray(written?.['members']) ? written['members'].length : 0;
    if (count !== changed.length) invalidBecause.push(`${what}: the group has ${count} members, not ${changed.length}`);
    if (job.job.status !== 'Success') invalidBecause.push(`${what}: the job ended with ${job.job.status}`);
    return job;
  };
  const added = await change('one member more', members);
  const mark = await target.control.journalMark();
  const removed = await change('one member less', members.slice(0, -1));
  const removeWrites = await target.control.writesSince(mark);
  return {
    measures: {
      ...engineMeasures(added, options.entities),
      r0,
      ratioR0: ((options.entities / added.elapsedMs) * 1_000) / r0,
      addMs: added.elapsedMs,
      removeMs: removed.elapsedMs,
      removeRequests: removeWrites.length,
      removeRowsWritten: removed.rowsWritten,
      removeWalBytes: removed.walBytes,
      loadMs: load.elapsedMs,
      peakRssMb: removed.peakRssMb,
    },
    invalidBecause,
  };
}

async function configure(stack: BenchStack, servers: BenchServers, options: BenchOptions): Promise<BenchSystem> {
  const page = { 'scim.page.size': String(options.pageSizeEntities) };
  const patch = { 'scim.support.patch.operation': 'true' };
  const common = { withGroups: true } as const;
  const { url } = servers.source;
  const source = await addSystem(stack, { ...common, role: 'source', name: 'Source', url, properties: page });
  for (const target of servers.targets)
    await addSystem(stack, { ...common, role: 'target', name: 'Target', url: target.url, properties: patch });
  return source;
}

async function rawRead(servers: BenchServers, options: BenchOptions): Promise<number> {
  const raw = await RawProcess.start({
    kind: 'open',
    sourceUrl: servers.source.url,
    targetUrls: [],
    pageSizeEntities: options.pageSizeEntities,
    concurrency: CONCURRENT_WRITES,
  });
  try {
    const { entities, elapsedMs } = await raw.run({ changedIds: [] });
    return (entities / elapsedMs) * 1_000;
  } finally {
    await raw.stop();
  }
}
