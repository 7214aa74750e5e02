import { canonicalJson } from '../../core/canonical-json.js';
import { shapeOf } from '../../core/plan/classify.js';
import type { UpdateShape } from '../../core/plan/classify.js';
import type { ChangeContent, ChangeVerb, GovernedClass, RiskFlag } from '../../core/plan/change.js';
import { isJsonObject } from '../../core/json.js';
import type { JsonObject, JsonValue } from '../../core/json.js';
import { explainWrite } from '../../core/transform/index.js';
import type { WriteOperation } from '../../core/transform/index.js';
import type { NewChange, PlanKind } from '../../state/plans/store-changes.js';
import { linkPlace } from '../../runtime/sealed-bodies.js';
import { documentOfAll } from '../drain/part-documents.js';
import { recordingResolver } from '../drain/resolve-references.js';
import type { MappedTarget } from '../drain/evaluate-pair.js';
import type { DrainEnvironment, Work } from '../drain/work.js';
import type { FoundMatch } from './match-existing.js';

/** What a stored change says beside its pair. */
export interface ChangeFacts {
  readonly kind: PlanKind;
  readonly verb: ChangeVerb;
  readonly class: GovernedClass;
  readonly shape: UpdateShape | null;
  /** Null for a deletion. */
  readonly mapped: MappedTarget | null;
  readonly operation: WriteOperation;
  readonly cause: string | null;
  /** Of a match report. */
  readonly match?: FoundMatch | undefined;
  /** What the account that is taken over holds now. */
  readonly held?: JsonObject | undefined;
}

/** The target JSON last written, decrypted; null where none is known. */
export function lastWritten(env: DrainEnvironment, work: Work): JsonObject | null {
  const link = work.pair.link;
  if (link === null || link.body === null) return null;
  const body = env.services.linkBodies.open(link.body, linkPlace(env.targetNo, work.row.entityNo, link.part));
  const linked = work.parts.filter(({ pair }) => pair.link?.state === 'linked');
  return linked.length === 0 ? body : documentOfAll(linked, body);
}

/** The stored form of a change: values sealed, so that only who may see content can read them (PLN-6). */
export function describeChange(env: DrainEnvironment, work: Work, facts: ChangeFacts): NewChange {
  const { link } = work.pair;
  const before = facts.held ?? lastWritten(env, work);
  const content: ChangeContent = {
    before,
    after: facts.mapped?.storable ?? null,
    mappings: facts.mapped === null ? {} : decidingMappings(env, work, facts.operation),
  };
  const isLinked = link?.state === 'linked';
  return {
    kind: facts.kind,
    entityNo: work.row.entityNo,
    sourceKey: work.pair.sourceKey,
    targetKey: isLinked ? link.targetKey : (facts.match?.entity?.id ?? null),
    verb: facts.verb,
    class: facts.class,
    attributes: facts.mapped === null ? [] : (facts.shape ?? shapeOf(null, facts.mapped.storable)).attributes,
    risks: risksOf(facts, before),
    facet: facetOf(env, work.evaluation.common, content),
    presence: work.pair.presence,
    entityHash: work.pair.commonHash,
    linkVersion: isLinked ? link.version : null,
    targetHash: facts.mapped?.hash ?? null,
    sourceProgram: env.tools.context.source.snapshot.programNumber,
    targetProgram: env.tools.target.snapshot.programNumber,
    cause: facts.cause,
    content: env.services.linkBodies.seal({ ...content }, changePlace(env.targetNo, work.row.entityNo)),
    digest: digestOf(env, work, facts),
    forced: work.row.forced,
    match: facts.match?.outcome ?? null,
    matchBy: facts.match?.by ?? [],
    matchNote: facts.match?.note ?? null,
  };
}

/** Place of the values of a change. */
export function changePlace(targetNo: number, entityNo: number): string {
  return `change/${targetNo}/${entityNo}`;
}

const LARGE_GROUP = 1_000;

function risksOf(facts: ChangeFacts, before: JsonObject | null): RiskFlag[] {
  const flags: [boolean, RiskFlag][] = [
    [facts.verb === 'delete', 'deletes'],
    [facts.verb === 'disable' || facts.class === 'disable', 'disables'],
    [facts.class === 'recreate', 'recreates'],
    [facts.kind === 'held', 'overGovernor'],
    [(facts.shape?.removed ?? 0) > 0, 'removesMembers'],
    [(facts.shape?.membersBefore ?? 0) >= LARGE_GROUP, 'largeGroup'],
    [facts.match?.outcome === 'adopt', 'adopts'],
    [before === null && facts.verb !== 'create', 'unknownBefore'],
  ];
  return flags.flatMap(([applies, flag]) => (applies ? [flag] : []));
}

/** Attributes and the mappings that gave them, for the reviewer. */
function decidingMappings(env: DrainEnvironment, work: Work, operation: WriteOperation): Record<string, string> {
  const common = work.evaluation.common;
  if (common === null) return {};
  const resolve = recordingResolver(work.references, { resolved: [], unresolved: [] });
  const targetId = work.pair.link?.targetKey ?? undefined;
  const { attributes } = explainWrite(env.program, common, operation, {
    ...env.tools.context.evaluation,
    targetId,
    resolve,
  });
  return Object.fromEntries(attributes.map(({ pointer, mapping }) => [pointer, mapping]));
}

/** Property of the source that names the facet attribute: a path of attribute names in the common JSON (PLN-5). */
export const FACET_PROPERTY = 'ips.plan.facet';
const MAX_FACET = 100;

function facetOf(env: DrainEnvironment, common: JsonObject | null, content: ChangeContent): string | null {
  const path = (env.tools.context.source.snapshot.properties[FACET_PROPERTY] ?? '').trim();
  if (path === '') return null;
  const document = common ?? content.after ?? content.before;
  const value = document === null ? undefined : valueAt(document, path);
  if (value === undefined || value === null) return null;
  return (typeof value === 'object' ? canonicalJson(value) : String(value)).slice(0, MAX_FACET);
}

/** `department`, or `urn:…:User` and `department` joined by `#`, because URNs hold dots. */
function valueAt(document: JsonObject, path: string): JsonValue | undefined {
  return path
    .split('#')
    .reduce<JsonValue | undefined>((value, name) => (isJsonObject(value) ? value[name] : undefined), document);
}

/** Keyed, like all stored hashes: a digest of a phone number could be found by enumeration. */
function digestOf(env: DrainEnvironment, work: Work, facts: ChangeFacts): Buffer {
  const text = JSON.stringify([
    env.targetNo,
    work.row.entityNo,
    facts.verb,
    facts.class,
    work.pair.commonHash?.toString('hex') ?? null,
    work.pair.link?.version ?? null,
    facts.mapped?.hash.toString('hex') ?? null,
    ...(facts.match === undefined ? [] : [facts.match.entity?.id ?? null]),
  ]);
  return env.services.hasher.canonical(text).subarray(0, 16);
}
