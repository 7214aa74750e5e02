import type { EntityType } from '../entity-type.js';
import type { JsonObject } from '../json.js';
import { ASSUMED_TARGET_ID, previewCreate, previewRead, referencesAsked } from '../preview/preview.js';
import type { PreviewSide, PreviewStep } from '../preview/preview.js';
import type { EvaluationContext, WriteContext } from '../transform/index.js';
import type { ResultRow } from './result-table.js';

/** A row of an input file. */
export interface ValidatedEntity {
  readonly type: EntityType;
  readonly row: number;
  readonly content: JsonObject;
}

/** A system whose transformation is tried. */
export interface ValidatedSystem extends PreviewSide {
  readonly name: string;
}

/** A row after the read transformation. */
export interface ReadEntity {
  readonly type: EntityType;
  readonly row: number;
  readonly sourceId: string | undefined;
  readonly common: JsonObject | undefined;
}

/** Something about one row that the log of the test tells (VAL-9). */
export interface TraceEntry {
  readonly type: EntityType;
  readonly row: number;
  readonly sourceId: string | undefined;
  readonly system: string;
  readonly text: string;
}

/** What one target would be sent, and what did not come that far. */
export interface TargetResult {
  readonly rows: readonly (ResultRow & { readonly type: EntityType })[];
  readonly trace: readonly TraceEntry[];
}

/** Applies the read transformation; who is skipped or fails is in the trace and has no common JSON. */
export function readAll(
  source: ValidatedSystem,
  entities: readonly ValidatedEntity[],
  context: EvaluationContext,
): { readonly entities: readonly ReadEntity[]; readonly trace: readonly TraceEntry[] } {
  const trace: TraceEntry[] = [];
  const read = entities.map(({ type, row, content }): ReadEntity => {
    const { sourceId, common, step } = previewRead(source, type, content, context);
    if (step.outcome !== 'mapped') trace.push({ type, row, sourceId, system: source.name, text: endOf(step) });
    return { type, row, sourceId, common };
  });
  return { entities: read, trace };
}

/** References that the creates of these entities ask for, so that they are looked up at once. */
export function askedByCreates(
  target: ValidatedSystem,
  entities: readonly ReadEntity[],
  context: EvaluationContext,
): readonly { readonly type: EntityType; readonly sourceId: string }[] {
  return entities.flatMap(({ type, common }) =>
    common === undefined ? [] : referencesAsked(target, type, common, { ...context, targetId: ASSUMED_TARGET_ID }),
  );
}

/**
 * Applies the write transformation of a target as for a create (VAL-6). Ids of the source that have no link stay as they are, and the trace
 * names them (VAL-11).
 */
export function createAll(
  target: ValidatedSystem,
  entities: readonly ReadEntity[],
  context: EvaluationContext,
  links: (type: EntityType, sourceId: string) => readonly string[],
): TargetResult {
  const rows: (ResultRow & { readonly type: EntityType })[] = [];
  const trace: TraceEntry[] = [];
  for (const { type, row, sourceId, common } of entities) {
    if (common === undefined) continue;
    const note = (text: string): void => void trace.push({ type, row, sourceId, system: target.name, text });
    const unlinked = new Set<string>();
    const resolve: WriteContext['resolve'] = (request) =>
      request.sourceIds.map((id) => {
        const found = links(request.type, id);
        if (found.length === 0) unlinked.add(`${request.type} ${id}`);
        return found.length === 0 ? [id] : [...found];
      });
    const step = previewCreate(target, type, common, { ...context, targetId: ASSUMED_TARGET_ID, resolve });
    for (const reference of unlinked) note(`note: ${reference} is not linked, its id of the source is kept`);
    if (step.outcome === 'mapped') rows.push({ type, row, target: step.result ?? {} });
    else note(endOf(step));
  }
  return { rows, trace };
}

/** One line of `trace.log`. Line breaks of ids and reasons would look like lines of their own. */
export function traceLine({ type, row, sourceId, system, text }: TraceEntry): string {
  return oneLine(`${type}, row ${row}, id ${sourceId ?? '-'}, system ${system}: ${text}`);
}

/** The text with everything that breaks lines made visible as a blank. */
export function oneLine(text: string): string {
  return text.replaceAll(/[\p{Cc}\u2028\u2029]+/gu, ' ');
}

function endOf({ outcome, reason }: PreviewStep): string {
  return `${outcome}: ${reason ?? ''}`;
}
