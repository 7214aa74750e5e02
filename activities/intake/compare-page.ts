import type { Page } from '../../connectors/contract.js';
import type { EntityType } from '../../core/entity-type.js';
import type { TypeProgram } from '../../core/transform/program.js';
import type { SqlPool } from '../../state/database.js';
import { lookupEntities, readBodies } from '../../state/intake/lookup.js';
import type { PageContents } from '../logs/page-contents.js';
import { codeOf } from '../support/run-context.js';
import { keyPage, mapPage } from './map-page.js';
import type { MappedPage, MappingTools } from './map-page.js';
import { deliveredBy, partPage } from './unchanged.js';
import type { UnchangedEntity } from './unchanged.js';

/** What a page is compared with, and what takes its contents in runs that trace them. */
export interface CompareTools extends MappingTools {
  readonly pool: SqlPool;
  readonly contents: PageContents | undefined;
}

/** What became of a page, and how many of its entities were not there before. */
export interface ComparedPage extends MappedPage {
  readonly added: number;
}

/**
 * Compares a page with what is stored: who is stored exactly as delivered costs a hash (CHG-2), everybody else is looked up by source key and mapped.
 * A time-dependent program maps each entity, because its result may differ today.
 */
export async function comparePage(
  tools: CompareTools,
  type: EntityType,
  program: TypeProgram,
  page: Page,
): Promise<ComparedPage> {
  const { pool, context, hasher, contents } = tools;
  const { no: sourceNo, programNumber } = context.source.snapshot;
  const place = { sourceNo, type: codeOf(type), program: programNumber };
  const delivered = await deliveredBy(hasher, page);
  const { unchanged, rest } = program.timeDependent
    ? { unchanged: [], rest: delivered }
    : await partPage(pool, place, delivered);
  const taken = new Set(rest.length === 0 ? [] : unchanged.map(({ item }) => item.id));
  const keyed = keyPage(context, program, { delivered: rest, failures: page.failures }, taken);
  const known = await lookupEntities(
    pool,
    sourceNo,
    place.type,
    keyed.entities.map(({ sourceKey }) => sourceKey),
  );
  const storedBodies = (nos: readonly number[]): ReturnType<typeof readBodies> => readBodies(pool, nos);
  const mapped = await mapPage({ ...tools, storedBodies }, type, program, keyed, known);
  const added = mapped.changes.filter(({ sourceKey }) => !known.has(sourceKey)).length;
  const same = unchanged.filter(({ item }) => !keyed.ambiguous.has(item.id));
  return { ...withUnchanged(mapped, same, contents), added };
}

function withUnchanged(
  mapped: MappedPage,
  unchanged: readonly UnchangedEntity[],
  contents: PageContents | undefined,
): MappedPage {
  const present = unchanged.flatMap(({ entityNo, isPresent }) => (isPresent ? [entityNo] : []));
  const skipped = unchanged.filter(({ isPresent }) => !isPresent);
  for (const { item, entityNo } of skipped) contents?.skipped(item.id, entityNo, item.body);
  return {
    ...mapped,
    seen: [...present, ...mapped.seen],
    unchanged: [...present, ...mapped.unchanged],
    skipped: [...skipped.map(({ entityNo }) => entityNo), ...mapped.skipped],
  };
}
