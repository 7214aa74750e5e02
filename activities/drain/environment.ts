import type { DrainChunkInput } from '../contract.js';
import { codeOf, splitOf, targetOf } from '../support/run-context.js';
import type { RunContext } from '../support/run-context.js';
import type { EngineServices, Watch } from '../support/services.js';
import { HeldValues } from './held-values.js';
import { GroupMembers } from './group-members.js';
import { sinkOf } from '../plan/sink-of.js';
import { retriesOf } from '../support/retries.js';
import type { DrainEnvironment } from './work.js';

/** What all pairs of one drain have in common. */
export function drainEnvironment(
  services: EngineServices,
  context: RunContext,
  input: DrainChunkInput,
  watch: Watch,
): DrainEnvironment {
  const target = targetOf(context, input.targetNo);
  const program = target.program.types.get(input.type);
  if (program === undefined) throw new Error(`${target.snapshot.name} does not take entities of type ${input.type}`);
  return {
    services,
    tools: { context, target, hasher: services.hasher, entityBodies: services.entityBodies },
    runKey: input.runKey,
    sourceNo: context.source.snapshot.no,
    targetNo: input.targetNo,
    type: input.type,
    typeCode: codeOf(input.type),
    program,
    connector: target.connector,
    groups: new GroupMembers(),
    heldValues: new HeldValues(),
    sink: sinkOf(context, target),
    planNo: context.planNo ?? undefined,
    late: input.late,
    heals: false,
    retries: retriesOf(target, context, 'write'),
    split: splitOf(target, input.type),
    writeBack: input.type === 'user' ? target.writeBack : undefined,
    hasBreaker: target.properties['ips.circuit.breaker'] !== 'disabled',
    stop: watch.signal,
  };
}
