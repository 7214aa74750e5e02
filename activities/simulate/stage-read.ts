import type { EntityType } from '../../core/entity-type.js';
import type { TypeProgram } from '../../core/transform/program.js';
import { stagePage } from '../../state/simulation/staging.js';
import type { StagedEntity } from '../../state/simulation/staging.js';
import type { RunFence } from '../../state/runs/fence.js';
import type { Page } from '../../connectors/contract.js';
import { keyPage, mapEntity } from '../intake/map-page.js';
import { deliveredBy } from '../intake/unchanged.js';
import { Breather } from '../support/breather.js';
import { codeOf } from '../support/run-context.js';
import type { RunContext } from '../support/run-context.js';
import type { EngineServices } from '../support/services.js';

/** A page of a simulated read. */
export interface SimulatedPage {
  readonly type: EntityType;
  readonly program: TypeProgram;
  readonly epoch: number;
  readonly pageNo: number;
  readonly page: Page;
  readonly readSeq: number;
}

/**
 * Maps every entity of a page, whatever is stored of it: a simulation knows no unchanged ones, because a Resync writes them all. Returns how many
 * were delivered.
 */
export async function stageRead(
  services: EngineServices,
  context: RunContext,
  fence: RunFence,
  { type, program, epoch, pageNo, page, readSeq }: SimulatedPage,
): Promise<number> {
  const tools = { context, hasher: services.hasher, bodies: services.entityBodies };
  const { failures: unread } = page;
  const delivered = await deliveredBy(services.hasher, page);
  const keyed = keyPage(context, program, { delivered, failures: unread });
  const failures = [...keyed.failures];
  const staged: StagedEntity[] = [];
  const breather = new Breather();
  for (const entity of keyed.entities) {
    await breather.breathe();
    const mapped = mapEntity(tools, type, program, entity, undefined);
    if (typeof mapped === 'string') failures.push({ key: entity.sourceKey, message: mapped });
    else staged.push(mapped);
  }
  await stagePage(
    services.pool,
    fence,
    {
      sourceNo: context.source.snapshot.no,
      type: codeOf(type),
      epoch,
      pageNo,
      readSeq,
      failures,
      tombstones: page.tombstones.length,
      cursor: page.next,
      total: page.total?.quality === 'exact' ? page.total.value : null,
      drift: page.drift === 'total-shrank' ? page.drift : null,
      watermark: page.watermark ?? null,
    },
    staged,
  );
  return keyed.entities.length;
}
