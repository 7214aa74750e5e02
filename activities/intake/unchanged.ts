import type { Page } from '../../connectors/contract.js';
import type { SqlPool } from '../../state/database.js';
import { lookupUnchanged } from '../../state/intake/lookup.js';
import { Breather } from '../support/breather.js';
import type { Hasher } from '../support/hashing.js';
import type { DeliveredEntity } from './map-page.js';

/** The entities of a page with their hashes. Of two answers about one entity the later one counts. */
export async function deliveredBy(hasher: Hasher, { items }: Pick<Page, 'items'>): Promise<DeliveredEntity[]> {
  const byId = new Map(items.map((item) => [item.id, item]));
  const breather = new Breather();
  const delivered: DeliveredEntity[] = [];
  for (const item of byId.values()) {
    if (breather.isDue) await breather.breathe();
    delivered.push({ item, sourceHash: hasher.delivered(item) });
  }
  return delivered;
}

/** An entity that is stored as it came. */
export interface UnchangedEntity {
  readonly item: DeliveredEntity['item'];
  readonly entityNo: number;
  /** False: it did not meet the read condition when it was mapped, and does not now. */
  readonly isPresent: boolean;
}

/** A page, parted. */
export interface PartedPage {
  readonly unchanged: readonly UnchangedEntity[];
  /** To be looked at more closely. */
  readonly rest: readonly DeliveredEntity[];
}

/**
 * Who is stored exactly as delivered, by one statement that answers with nothing but their numbers: most entities of most reads (CHG-2). Looks where
 * the connector's id is the source key, which the mapping of equal content must have made of it; everybody else is among the rest.
 */
export async function partPage(
  pool: SqlPool,
  stored: { readonly sourceNo: number; readonly type: number; readonly program: number },
  delivered: readonly DeliveredEntity[],
): Promise<PartedPage> {
  const rows = await lookupUnchanged(pool, stored, delivered);
  const unchanged: UnchangedEntity[] = [];
  const isKnown = new Uint8Array(delivered.length);
  for (const { presence, positions, entityNos } of rows) {
    for (const [index, position] of positions.entries()) {
      const { item } = delivered[position - 1] ?? {};
      const entityNo = entityNos[index];
      if (item === undefined || entityNo === undefined) throw new Error('an answer about entities has another shape');
      isKnown[position - 1] = 1;
      unchanged.push({ item, entityNo, isPresent: presence === 'present' });
    }
  }
  return { unchanged, rest: delivered.filter((_one, index) => isKnown[index] === 0) };
}
