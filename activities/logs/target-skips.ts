import { groupsBySize } from '../../core/groups-by-size.js';
import type { EntityType } from '../../core/entity-type.js';
import type { ContentTracing } from '../../core/logs/trace.js';
import { entityPlace } from '../../runtime/sealed-bodies.js';
import { readBodies } from '../../state/intake/lookup.js';
import { CONTENT_BYTES, storeContents } from '../../state/logs/contents.js';
import type { NewContent } from '../../state/logs/contents.js';
import { listSkipped } from '../../state/runs/finish-run.js';
import type { SkippedEntity } from '../../state/runs/finish-run.js';
import { codeOf, targetTypes } from '../support/run-context.js';
import type { OpenSystem, RunContext } from '../support/run-context.js';
import type { ActivityScope } from '../support/scope.js';
import type { EngineServices } from '../support/services.js';
import { sealContent } from './seal-content.js';

/** Entities looked up at once. */
const PORTION = 500;

/**
 * Common JSON of those whom targets have skipped without an attempt, which is known when the job ends. Before its books are closed, and
 * portion by portion: there may be a million of them. Whoever repeats it stores the same.
 */
export async function traceTargetSkips(
  services: EngineServices,
  context: RunContext,
  scope: ActivityScope,
): Promise<void> {
  const { contents } = context;
  if (contents?.results.has('skipped') !== true) return;
  for (const target of context.targets)
    for (const type of targetTypes(context, target))
      await traceType(services, context, contents, { target, type }, scope);
}

async function traceType(
  services: EngineServices,
  context: RunContext,
  tracing: ContentTracing,
  pair: { readonly target: OpenSystem; readonly type: EntityType },
  scope: ActivityScope,
): Promise<void> {
  const key = { targetNo: pair.target.snapshot.no, type: codeOf(pair.type) };
  let after = { pageNo: -1, entityNo: 0 };
  for (;;) {
    const found = await listSkipped(services.pool, context.runKey, key, after, PORTION);
    for (const few of groupsBySize(found, ({ bytes }) => bytes, CONTENT_BYTES)) {
      scope.heartbeat();
      await store(services, context, tracing, key, few);
    }
    const last = found.at(-1);
    if (last === undefined || found.length < PORTION) return;
    after = last;
  }
}

async function store(
  services: EngineServices,
  context: RunContext,
  tracing: ContentTracing,
  { targetNo: systemNo, type }: { readonly targetNo: number; readonly type: number },
  entities: readonly SkippedEntity[],
): Promise<void> {
  const { runKey, source } = context;
  const bodies = await readBodies(
    services.pool,
    entities.map(({ entityNo }) => entityNo),
  );
  const owner = { runKey, systemNo, type, result: 'skipped' } as const;
  const contents = entities.flatMap(({ entityNo, sourceKey }): NewContent[] => {
    const body = bodies.get(entityNo);
    if (body === undefined) return [];
    const place = entityPlace(source.snapshot.no, type, sourceKey);
    const find = (): { document: ReturnType<typeof services.entityBodies.open> } => ({
      document: services.entityBodies.open(body, place),
    });
    return [{ ...owner, entityNo, place: '', seal: sealContent(services, tracing, owner, find) }];
  });
  await storeContents(services.pool, runKey, contents);
}
