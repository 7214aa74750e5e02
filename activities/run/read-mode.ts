import { createHmac } from 'node:crypto';
import { canonicalJson } from '../../core/canonical-json.js';
import type { EntityType } from '../../core/entity-type.js';
import type { JsonObject } from '../../core/json.js';
import type { OpenedRunRow } from '../../state/runs/open-run.js';
import { countRetries, lastEntityNo } from '../../state/runs/read-mode.js';
import type { ShareLimit } from '../../state/runs/read-mode.js';
import { loadSourceState } from '../../state/runs/source-state.js';
import type { SourceState } from '../../state/runs/source-state.js';
import type { OpenSystem, RunContext } from '../support/run-context.js';
import type { EngineServices } from '../support/services.js';
import { ChangeShare } from '../intake/change-share.js';

/** How a run reads its source. */
export interface ReadPlan {
  readonly mode: 'full' | 'delta';
  /** Marks to read from, by entity type; empty for a full read. */
  readonly watermarks: Readonly<Record<string, JsonObject>>;
  /** A delta read with more changes becomes a full read (RDM-13). */
  readonly changeShare?: ShareLimit;
  /** Full because the scheduled delta jobs are used up (RDM-9). */
  readonly forcedFull: boolean;
}

/** Percent of all entities (RDM-13). */
const DEFAULT_SHARE = 50;
const NEVER = 100;
const FULL: ReadPlan = { mode: 'full', watermarks: {}, forcedFull: false };

/**
 * Decides between full and delta (RDM-2, RDM-7, RDM-9, RDM-13). A Resync is always full; a Read is a delta read when property and connector
 * say so, a full read under this very read program and these properties has succeeded, and the share of what waits is small.
 *
 * @param programNumber number of the read program of this run.
 */
export async function planRead(
  services: EngineServices,
  run: OpenedRunRow,
  context: RunContext,
  programNumber: number,
): Promise<ReadPlan> {
  if (run.kind !== 'read' && run.kind !== 'readPlan') return FULL;
  const { source } = context;
  const state = await loadSourceState(services.pool, run.sourceNo);
  // Only a full read tells who is absent, which is what was accepted.
  if (run.accepts !== null) return FULL;
  const full = { ...FULL, forcedFull: isForced(run, source, state) };
  if (!isDeltaWanted(source)) return full;
  if (source.capabilities.delta === 'none') {
    const message = `ips.delta.read has no effect: ${source.snapshot.typeName} cannot tell changes`;
    services.deps.log.warn({ runKey: run.runKey }, message);
    return full;
  }
  if (full.forcedFull || !isKnown(services, source, state, programNumber)) return full;
  // A program that depends on the date has to see everybody.
  if ([...source.program.types.values()].some((program) => program.timeDependent)) return full;
  const usable = (type: EntityType): boolean =>
    source.capabilities.deltaTypes.includes(type) && state.deltaMarks[type] !== undefined;
  const watermarks = Object.fromEntries(
    context.types.filter(usable).map((type) => [type, state.deltaMarks[type] ?? {}]),
  );
  if (Object.keys(watermarks).length === 0) return full;
  return underShare(services, run, source, watermarks);
}

/** RDM-13: the retry list is known before the first page; of the changes only the limit. */
async function underShare(
  services: EngineServices,
  run: OpenedRunRow,
  source: OpenSystem,
  watermarks: ReadPlan['watermarks'],
): Promise<ReadPlan> {
  const percent = wholeNumber(source, 'ips.delta.max.share') ?? DEFAULT_SHARE;
  if (percent >= NEVER) return { mode: 'delta', watermarks, forcedFull: false };
  const changeShare = { percent, upToNo: await lastEntityNo(services.pool) };
  const retries = await countRetries(services.pool, run.sourceNo);
  if (await new ChangeShare(services.pool, run.sourceNo, changeShare).isExceededBy(retries)) {
    const reason = `${retries} entities wait to be repeated: ips.delta.max.share is exceeded`;
    services.deps.log.info({ runKey: run.runKey, reason }, 'the delta read becomes a full read');
    return FULL;
  }
  return { mode: 'delta', watermarks, changeShare, forcedFull: false };
}

/** RDM-3: `true` is a synonym; RDM-4: the connector's descriptor holds the default of its type. */
function isDeltaWanted(source: OpenSystem): boolean {
  return /^(enabled|true)$/i.test((source.properties['ips.delta.read'] ?? '').trim());
}

/** RDM-9 to RDM-11: only scheduled Reads are affected. A forced read that fails leaves the counter, so the next one is full again. */
function isForced(run: OpenedRunRow, source: OpenSystem, state: SourceState): boolean {
  const limit = wholeNumber(source, 'ips.full.read.force.count');
  return limit !== undefined && run.isScheduled && state.forcedFullCounter >= limit;
}

/** A number of at least 1, as saving demands it; undefined where the property is not set. */
function wholeNumber(source: OpenSystem, name: string): number | undefined {
  const text = (source.properties[name] ?? '').trim();
  return /^[1-9]\d{0,14}$/.test(text) ? Number(text) : undefined;
}

/** The marks belong to a successful full read by this program with these properties (RDM-2, RDM-7, CONN-CORE-47). */
function isKnown(services: EngineServices, source: OpenSystem, state: SourceState, programNumber: number): boolean {
  const fingerprint = readFingerprint(services, source);
  return (
    state.fullReadDone && state.readProgram === programNumber && state.readFingerprint?.equals(fingerprint) === true
  );
}

/** The API version that a source is read with, as its properties say it; empty where it has no such property (CON-1). */
export function apiVersion(source: OpenSystem): string {
  const versions = Object.entries(source.properties).filter(([name]) => /(^|\.)api\.version$/i.test(name));
  return versions.map(([, value]) => value.trim()).join(' ');
}

/** Names of properties that decide which entities a source delivers, and with which attributes. */
const READ_PROPERTY = /filter|attribute|api\.version|path|object\.class|scope$|flatten$|^URL$|url$|host$/i;

/**
 * Keyed hash of the properties that decide what is read. Another filter, attribute list, version or address makes marks worthless
 * (CONN-CORE-47): who was outside before is not among the changes.
 */
export function readFingerprint(services: EngineServices, source: OpenSystem): Buffer {
  const deciding = Object.entries(source.properties).filter(
    ([name]) => !name.startsWith('ips.') && READ_PROPERTY.test(name),
  );
  return createHmac('sha256', services.deps.keys.deriveKey('fingerprint'))
    .update(canonicalJson(Object.fromEntries(deciding)))
    .digest();
}
