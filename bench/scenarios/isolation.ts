import { startJob, stopJob } from '../engine/job.js';
import { addSystem } from '../engine/systems.js';
import { createRate } from '../measure/journal-facts.js';
import { measureJob } from '../measure/measured-job.js';
import { until } from '../measure/watching.js';
import type { BenchOptions } from '../options.js';
import type { ScenarioOutcome } from '../result.js';
import { resetTargets, setLatency, startServers } from '../servers.js';
import { engineMeasures } from './measures.js';
import type { ScenarioTools } from './tools.js';

const SLOWER = 20;

/** The rate of a target beside one that is 20 times slower, against its rate alone: nobody waits for a slow neighbour. */
export async function isolation(tools: ScenarioTools, options: BenchOptions): Promise<ScenarioOutcome> {
  const servers = await tools.use(startServers({ people: options.entities, targets: 2 }));
  const [fast, slow] = servers.targets;
  if (fast === undefined || slow === undefined) throw new Error('isolation needs two targets');
  const stack = await tools.stack();
  await setLatency(servers, options.latencyMs);
  await slow.control.setLatency({ default: { fixedMs: options.latencyMs * SLOWER } });

  tools.say('the fast target alone');
  const { url } = servers.source;
  const first = await addSystem(stack, { role: 'source', name: 'Source of one', url });
  await addSystem(stack, { role: 'target', name: 'Alone', url: fast.url, sources: [first] });
  const job = await measureJob(stack, first);
  const alone = createRate(await fast.control.writesSince(0));

  tools.say('the same beside the slow one');
  await resetTargets(servers);
  const mark = await fast.control.journalMark();
  const second = await addSystem(stack, { role: 'source', name: 'Source of two', url });
  await addSystem(stack, { role: 'target', name: 'Fast', url: fast.url, sources: [second] });
  await addSystem(stack, { role: 'target', name: 'Slow', url: slow.url, sources: [second] });
  const both = await startJob(stack, second);
  await until('the fast target holds everybody', async () => {
    const { users } = await fast.control.statistics();
    return users >= options.entities ? true : undefined;
  });
  const slowStatistics = await slow.control.statistics();
  await stopJob(stack, both);
  await both.handle.result().catch(() => undefined);
  const beside = createRate(await fast.control.writesSince(mark));
  return {
    measures: {
      ...engineMeasures(job, options.entities),
      ratioFast: beside / alone,
      fastAlonePerSecond: alone,
      fastBesidePerSecond: beside,
      slowWritten: slowStatistics.users,
    },
    invalidBecause: [
      ...(job.job.status === 'Success' ? [] : [`the job ended with ${job.job.status}`]),
      ...(slowStatistics.users < options.entities ? [] : ['the slow target was done before the fast one']),
    ],
  };
}
