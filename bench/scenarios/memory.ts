import { addSystem } from '../engine/systems.js';
import { measureJob } from '../measure/measured-job.js';
import type { BenchOptions } from '../options.js';
import type { ScenarioOutcome } from '../result.js';
import { setLatency, startServers } from '../servers.js';
import { engineMeasures } from './measures.js';
import type { ScenarioTools } from './tools.js';

/** Resident size of the worker over a first load and an unchanged full read: it must not grow with the number of people. */
export async function memory(tools: ScenarioTools, options: BenchOptions): Promise<ScenarioOutcome> {
  const servers = await tools.use(startServers({ people: options.entities, targets: options.targets }));
  const stack = await tools.stack();
  const properties = { 'scim.page.size': String(options.pageSizeEntities) };
  const source = await addSystem(stack, { role: 'source', name: 'Source', url: servers.source.url, properties });
  for (const [place, { url }] of servers.targets.entries())
    await addSystem(stack, { role: 'target', name: `Target ${place + 1}`, url });
  await setLatency(servers, options.latencyMs);

  tools.say('first load');
  const load = await measureJob(stack, source);
  tools.say('unchanged full read');
  const again = await measureJob(stack, source);
  return {
    measures: {
      ...engineMeasures(load, options.entities),
      peakRssMb: again.peakRssMb,
      loadEarlyRssMb: load.rss.earlyMb,
      loadLateRssMb: load.rss.lateMb,
      rereadEarlyRssMb: again.rss.earlyMb,
      rereadLateRssMb: again.rss.lateMb,
      rereadEntitiesPerSecond: (options.entities / again.elapsedMs) * 1_000,
    },
    invalidBecause: [load, again].flatMap(({ job }) =>
      job.status === 'Success' ? [] : [`a job ended with ${job.status}`],
    ),
  };
}
