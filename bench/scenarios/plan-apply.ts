import { decide, listPlans } from '../../state/plans/index.js';
import { addSystem } from '../engine/systems.js';
import type { BenchSystem } from '../engine/systems.js';
import type { BenchStack } from '../engine/stack.js';
import { measureJob } from '../measure/measured-job.js';
import type { MeasuredJob } from '../measure/measured-job.js';
import type { BenchOptions } from '../options.js';
import type { ScenarioOutcome } from '../result.js';
import { resetTargets, setLatency, startServers } from '../servers.js';
import { engineMeasures } from './measures.js';
import type { ScenarioTools } from './tools.js';

/**
 * Everybody is created, once directly, and once planned, approved as a whole and applied: what the detour costs. The same people, servers and
 * worker; the direct job comes first. The common measures are those of the application; the time in which a person decides is not measured.
 */
export async function planApply(tools: ScenarioTools, options: BenchOptions): Promise<ScenarioOutcome> {
  const servers = await tools.use(startServers({ people: options.entities, targets: 1 }));
  const [target] = servers.targets;
  if (target === undefined) throw new Error('plan-apply needs a target');
  const stack = await tools.stack();
  await setLatency(servers, options.latencyMs);
  const pair = async (name: string): Promise<BenchSystem> => {
    const page = options.pageSizeEntities;
    const source = await addSystem(stack, {
      role: 'source',
      name: `Source ${name}`,
      url: servers.source.url,
      properties: { 'scim.page.size': String(page) },
    });
    await addSystem(stack, { role: 'target', name: `Target ${name}`, url: target.url, sources: [source] });
    return source;
  };
  const profile = options.profileFolder !== undefined;

  tools.say('the direct job');
  const first = await pair('direct');
  const direct = await measureJob(stack, first);
  const directly = await target.control.statistics();
  await resetTargets(servers);

  tools.say('the plan');
  const second = await pair('planned');
  const plan = await measureJob(stack, second, { kind: 'readPlan', match: false, profile });
  const untouched = await target.control.statistics();

  tools.say('the application');
  const planNo = await approveAll(stack, second);
  const apply = await measureJob(stack, second, { kind: 'apply', planNo, profile });
  const applied = await target.control.statistics();

  return {
    measures: {
      ...engineMeasures(apply, options.entities),
      ratioPlan: direct.elapsedMs / plan.elapsedMs,
      ratioApply: direct.elapsedMs / apply.elapsedMs,
      directPerSecond: perSecond(direct, options),
      planPerSecond: perSecond(plan, options),
      applyPerSecond: perSecond(apply, options),
      directCpuMicrosPerEntity: direct.workerCpuMicros / options.entities,
      planCpuMicrosPerEntity: plan.workerCpuMicros / options.entities,
      directDatabaseCpuMicrosPerEntity: direct.databaseCpuMicros / options.entities,
      planDatabaseCpuMicrosPerEntity: plan.databaseCpuMicros / options.entities,
    },
    invalidBecause: [
      ...[direct, plan, apply].flatMap(({ job }) =>
        job.status === 'Success' ? [] : [`the ${job.type} job ended with ${job.status}: ${job.errorMessage ?? ''}`],
      ),
      ...(directly.users === options.entities ? [] : [`the direct job left ${directly.users} people`]),
      ...(untouched.users === 0 ? [] : [`the plan left ${untouched.users} people`]),
      ...(applied.users === options.entities ? [] : [`the application left ${applied.users} people`]),
    ],
  };
}

function perSecond({ elapsedMs }: MeasuredJob, { entities }: BenchOptions): number {
  return (entities / elapsedMs) * 1_000;
}

async function approveAll(stack: BenchStack, source: BenchSystem): Promise<number> {
  const [plan] = await listPlans(stack.pool, { sourceNo: source.no, limit: 1 });
  if (plan === undefined) throw new Error('the job made no plan');
  await decide(stack.pool, {
    planNo: plan.planNo,
    sourceNo: source.no,
    decision: 'approve',
    by: 'benchmark',
    comment: '',
    filter: {},
    secondPersonFor: [],
  });
  return plan.planNo;
}
