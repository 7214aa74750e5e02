import { randomInt } from 'node:crypto';
import type {
  Capabilities,
  ClientCertificate,
  Connector,
  ConnectorContext,
  ConnectorFactory,
} from '../../connectors/contract.js';
import type { SplitRule } from '../../connectors/capability-rules.js';
import type { EdgeRoute, RoutedSystem } from '../../connectors/edge/router.js';
import { certificateProblem, usesClientCertificate } from '../../core/certificates/usable.js';
import { ENTITY_TYPES, entityTypeCode } from '../../core/entity-type.js';
import { recordedResults, tracedContents } from '../../core/logs/trace.js';
import type { ContentTracing, RecordedResult } from '../../core/logs/trace.js';
import type { EntityType } from '../../core/entity-type.js';
import type { JsonObject } from '../../core/json.js';
import type { EvaluationContext, TransformationProgram } from '../../core/transform/program.js';
import { WRITE_BACK_PROPERTY, writeBackProblem, writeBackRule } from '../../core/write-back.js';
import type { WriteBackRule } from '../../core/write-back.js';
import type { SystemSnapshot } from '../../state/config/index.js';
import { readSafety } from '../../core/sync/read-safety.js';
import type { ReadSafety } from '../../core/sync/read-safety.js';
import { requestLimits } from '../../core/request-limits.js';
import { sharedPace } from '../../state/drain/pace.js';
import { loadIdentity } from '../../state/certificates/index.js';
import { compileProgram, loadSecrets } from '../../state/config/index.js';
import type { FrozenRun, OpenedRunRow } from '../../state/runs/open-run.js';
import type { Acceptances, RunKind } from '../../state/runs/run.js';
import type { ActivityDependencies } from '../dependencies.js';
import { Bell } from './bell.js';

/** A system of a run, ready to be used. */
export interface OpenSystem {
  readonly snapshot: SystemSnapshot;
  /** Plain properties with the defaults of the connector. */
  readonly properties: Readonly<Record<string, string>>;
  readonly program: TransformationProgram;
  readonly capabilities: Capabilities;
  readonly connector: Connector;
  /** What this target returns for the source to store (ORD-12); undefined in a source and in most targets. */
  readonly writeBack: WriteBackRule | undefined;
  /** Requests repeated since somebody noted them. */
  readonly requests: { retries: number };
}

/** The frozen configuration of a run, compiled and connected. Shared by all activities of the run in one process. */
export interface RunContext {
  readonly runKey: string;
  readonly kind: RunKind;
  /** The plan that is applied, of a run of kind `apply`. */
  readonly planNo: number | null;
  /** Stops at its plan because its source wants that, and not because a plan was asked for (PLN-13). */
  readonly planFirst: boolean;
  /** Targets in which a plan looks for accounts that exist (PLN-14). */
  readonly matches: ReadonlySet<number>;
  readonly mode: 'full' | 'delta';
  /** What stands against a read of this source that is not to be trusted. */
  readonly safety: ReadSafety;
  readonly accepts: Acceptances;
  /** Results of entities that are kept for the downloads of entity logs (LOG-6). */
  readonly recorded: ReadonlySet<RecordedResult>;
  /** Whose content is recorded (TRC-9); undefined: nobody's, as in nearly every run. */
  readonly contents: ContentTracing | undefined;
  /** What the source has proven of questions for several entities, by type. */
  readonly proofs: Map<EntityType, Promise<number>>;
  readonly source: OpenSystem;
  readonly targets: readonly OpenSystem[];
  /** Types that the source delivers, in order. */
  readonly types: readonly EntityType[];
  readonly evaluation: EvaluationContext;
  /** Marks of a delta read by entity type. */
  readonly watermarks: Readonly<Record<string, JsonObject>>;
  /** A delta read with more changes than this becomes a full read (RDM-13). */
  readonly changeShare: FrozenRun['changeShare'];
  /** Rings when reading has brought something, or has ended. */
  readonly bell: Bell;
}

/** The target of a run by number. Throws Error when it is not part of the run. */
export function targetOf(context: RunContext, targetNo: number): OpenSystem {
  const target = context.targets.find((candidate) => candidate.snapshot.no === targetNo);
  if (target === undefined) throw new Error(`target ${targetNo} is not part of run ${context.runKey}`);
  return target;
}

/** How an entity of a type becomes several entities of the target; undefined where it is one (LNK-3). */
export function splitOf(target: OpenSystem, type: EntityType): SplitRule | undefined {
  return type === 'user' ? target.capabilities.splitsUsers : undefined;
}

/** Types that the source delivers and the target takes, in order. */
export function targetTypes(context: RunContext, target: OpenSystem): EntityType[] {
  return context.types.filter((type) => target.program.types.has(type) && target.capabilities.types.includes(type));
}

/** Targets that take a type, with the numbers of their frozen programs, for the backlog. */
export function takers(context: RunContext, type: EntityType): { targetNo: number; program: number }[] {
  return context.targets
    .filter((target) => targetTypes(context, target).includes(type))
    .map((target) => ({ targetNo: target.snapshot.no, program: target.snapshot.programNumber }));
}

/** A configuration that cannot be used: the system and what is wrong, for *Error Message*. */
export class SystemConfigurationError extends Error {
  override readonly name = 'SystemConfigurationError';
}

/** Guard of {@link SystemConfigurationError}. */
export function isSystemConfigurationError(error: unknown): error is SystemConfigurationError {
  return error instanceof SystemConfigurationError;
}

/** Compiles and connects the systems of a run. Throws {@link SystemConfigurationError}. */
export async function buildRunContext(
  deps: ActivityDependencies,
  run: OpenedRunRow & { readonly mode: 'full' | 'delta'; readonly frozen: FrozenRun },
): Promise<RunContext> {
  const source = await openSystem(deps, run.frozen.source);
  const targets: OpenSystem[] = [];
  try {
    for (const snapshot of run.frozen.targets) if (snapshot.enabled) targets.push(await openSystem(deps, snapshot));
    oneForEachAttribute(targets);
    for (const target of targets) checkSplit(target);
  } catch (error) {
    await Promise.all([source, ...targets].map((system) => system.connector.close()));
    throw error;
  }
  return {
    runKey: run.runKey,
    kind: run.kind,
    planNo: run.planNo,
    planFirst: run.planFirst,
    matches: new Set(run.frozen.matches),
    mode: run.mode,
    safety: readSafety(run.frozen.source.properties),
    recorded: recordedResults(run.frozen.source.properties),
    contents: tracedContents(run.frozen.source.properties, Object.keys(run.traced ?? {})),
    proofs: new Map(),
    accepts: run.accepts ?? { emptyRead: [], readSize: [] },
    source,
    targets,
    types: ENTITY_TYPES.filter((type) => source.program.types.has(type) && source.capabilities.types.includes(type)),
    watermarks: run.frozen.watermarks,
    changeShare: run.frozen.changeShare,
    bell: new Bell(),
    evaluation: { now: new Date(run.frozen.now), randomInt: (exclusiveMax) => randomInt(exclusiveMax) },
  };
}

/** Closes the connections of a context. */
export async function closeRunContext(context: RunContext): Promise<void> {
  await Promise.all([context.source, ...context.targets].map((system) => system.connector.close()));
}

/** Two targets that write back to one attribute would overwrite each other in every job. */
function oneForEachAttribute(targets: readonly OpenSystem[]): void {
  const writers = new Map<string, string>();
  for (const { snapshot, writeBack } of targets) {
    const attribute = writeBack?.source.join(':');
    if (attribute === undefined) continue;
    const other = writers.get(attribute);
    writers.set(attribute, snapshot.name);
    if (other === undefined) continue;
    throw new SystemConfigurationError(
      `${other}, ${snapshot.name}: both write back to ${attribute} of the source; remove ${WRITE_BACK_PROPERTY} from one of them`,
    );
  }
}

/** LNK-3: what would be done for one of several accounts of a user only, or for the wrong one, is refused. */
function checkSplit({ snapshot: { name }, capabilities: { splitsUsers }, connector, writeBack }: OpenSystem): void {
  if (splitsUsers === undefined) return;
  const { attribute, property } = splitsUsers;
  const keys = connector.uniqueKeys('user');
  if (!keys.includes(attribute))
    throw new SystemConfigurationError(
      `${name}: ${property} names several, so that ${attribute} has to be one of the unique attributes of users; they are ${keys.join(',')}`,
    );
  if (writeBack !== undefined)
    throw new SystemConfigurationError(
      `${name}: ${WRITE_BACK_PROPERTY} takes a value from one account, and ${property} gives each user several; remove one of the two`,
    );
}

/** What a target writes back; a value that cannot be used, which saving refuses, ends the run. */
function writeBackOf(
  { name, role }: SystemSnapshot,
  properties: Readonly<Record<string, string>>,
): WriteBackRule | undefined {
  if (role !== 'target') return undefined;
  const problem = writeBackProblem(WRITE_BACK_PROPERTY, properties[WRITE_BACK_PROPERTY] ?? '');
  if (problem !== undefined) throw new SystemConfigurationError(`${name}: ${WRITE_BACK_PROPERTY} ${problem}`);
  return writeBackRule(properties);
}

/** A request may go on so much longer than its limit when a stop lets it end (STP-2). */
const PLACE_MARGIN_MS = 30_000;

async function openSystem(deps: ActivityDependencies, snapshot: SystemSnapshot): Promise<OpenSystem> {
  const factory = deps.connectorFactory(snapshot.typeName);
  if (factory === undefined) {
    throw new SystemConfigurationError(`${snapshot.name}: no connector of type ${snapshot.typeName} is installed`);
  }
  const secrets = await loadSecrets(deps.dataSource, deps.keyring, snapshot.no);
  const properties = withDefaults(factory, snapshot.properties);
  const own = factory.capabilities(properties, snapshot.role);
  const route = await routeOf(deps, snapshot, { properties, secrets });
  const capabilities = route?.capabilities(own) ?? own;
  const limits = snapshot.role === 'target' ? requestLimits(properties) : undefined;
  const clientCertificate = await outboundCertificate(deps, snapshot, properties);
  const context: ConnectorContext = {
    config: { properties, secret: (name) => secrets[name], secretNames: snapshot.secretNames },
    clock: deps.clock,
    log: deps.log,
    ...(clientCertificate !== undefined && { clientCertificate }),
    ...(deps.memories !== undefined && { memory: deps.memories.of(snapshot.no, { properties, secrets }) }),
    ...(limits !== undefined && {
      pace: sharedPace(deps.pool, snapshot.no, limits, capabilities.requestTimeoutMs + PLACE_MARGIN_MS),
    }),
  };
  return {
    snapshot,
    properties,
    program: compileSystem(snapshot, properties, secrets),
    capabilities,
    writeBack: writeBackOf(snapshot, properties),
    connector: route === undefined ? factory.open(context) : route.open(factory, context, own),
    requests: { retries: 0 },
  };
}

/** The way to a system in a private network; undefined where it is reached directly (ONP-1). */
async function routeOf(
  deps: ActivityDependencies,
  { name }: SystemSnapshot,
  system: RoutedSystem,
): Promise<EdgeRoute | undefined> {
  const reach = await deps.edge?.reach(system);
  if (reach?.kind === 'refused') throw new SystemConfigurationError(`${name}: ${reach.message}`);
  return reach?.kind === 'edge' ? reach.route : undefined;
}

/** How a system that needs one gets at its certificate. One that is missing or has expired ends the run before it reads (CRT-1, CRT-4). */
async function outboundCertificate(
  deps: ActivityDependencies,
  { no, id, name }: SystemSnapshot,
  properties: Readonly<Record<string, string>>,
): Promise<ConnectorContext['clientCertificate']> {
  if (!usesClientCertificate(properties)) return undefined;
  const load = (): Promise<ClientCertificate | undefined> => loadIdentity(deps.pool, deps.keyring, { no, id });
  const problem = certificateProblem(await load(), deps.clock());
  if (problem !== undefined) throw new SystemConfigurationError(`${name}: ${problem}`);
  return load;
}

/** Properties of a system with the defaults of its connector for what is not set. */
export function withDefaults(
  factory: ConnectorFactory,
  properties: Readonly<Record<string, string>>,
): Record<string, string> {
  const defaults = factory.descriptor.properties.flatMap((property) =>
    property.defaultValue === undefined ? [] : [[property.name, property.defaultValue] as const],
  );
  return { ...Object.fromEntries(defaults), ...properties };
}

function compileSystem(
  snapshot: SystemSnapshot,
  effectiveProperties: Readonly<Record<string, string>>,
  secrets: Readonly<Record<string, string>>,
): TransformationProgram {
  const { role, transformation } = snapshot;
  const compiled = compileProgram({ role, transformation, effectiveProperties, secrets });
  if (compiled.ok) return compiled.program;
  const first = compiled.issues.find((issue) => issue.severity === 'error');
  throw new SystemConfigurationError(
    `${snapshot.name}: the transformation cannot be used: ${first?.pointer ?? ''} ${first?.message ?? ''}`,
  );
}

/** Stored code of a type. */
export const codeOf = entityTypeCode;
