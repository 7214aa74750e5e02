import type { Page } from '../../connectors/contract.js';
import type { SqlPool } from '../../state/database.js';
import { lookupUnchanged } from '../../state/intake/lookup.js';
import { Breather } from '../support/breather.js';
import type { Hasher } from '../support/hashing.js';
import { isStorableKey } from '../support/storable-key.js';
import type { DeliveredEntity } from './map-page.js';

/** The entities of a page with their hashes. */
export async function deliveredBy(hasher: Hasher, { items }: Pick<Page, 'items'>): Promise<DeliveredEntity[]> {
  const breather = new Breather();
  const delivered: DeliveredEntity[] = [];
  for (const item of items) {
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
 * the connector's id is the source key, which the mapping of equal content must have made of it; everybody else is among the rest. So is whoever
 * comes under an id that the page has twice: that may be one entity or two, as only their source keys tell (VAR-3).
 */
export async function partPage(
  pool: SqlPool,
  stored: { readonly sourceNo: number; readonly type: number; readonly program: number },
  delivered: readonly DeliveredEntity[],
): Promise<PartedPage> {
  const asked = withIdsOfTheirOwn(delivered).filter(({ item }) => isStorableKey(item.id));
  const rows = await lookupUnchanged(pool, stored, asked);
  const unchanged: UnchangedEntity[] = [];
  const known = new Set<DeliveredEntity>();
  for (const { presence, positions, entityNos } of rows) {
    for (const [index, position] of positions.entries()) {
      const one = asked[position - 1];
      const entityNo = entityNos[index];
      if (one === undefined || entityNo === undefined) throw new Error('an answer about entities has another shape');
      known.add(one);
      unchanged.push({ item: one.item, entityNo, isPresent: presence === 'present' });
    }
  }
  return { unchanged, rest: delivered.filter((one) => !known.has(one)) };
}

function withIdsOfTheirOwn(delivered: readonly DeliveredEntity[]): readonly DeliveredEntity[] {
  const ids = new Set<string>();
  const repeated = new Set<string>();
  for (const { item } of delivered) (ids.has(item.id) ? repeated : ids).add(item.id);
  return repeated.size === 0 ? delivered : delivered.filter(({ item }) => !repeated.has(item.id));
}
