import type { Watermark } from '../../contract.js';
import { NEEDS, usualMode, type Check } from '../check.js';
import { withValueAt } from '../json-pointer.js';
import { idsOf, must, type Trial } from '../trial.js';
import { openFor } from './writing.js';

export const DELTA: readonly Check[] = [
  {
    id: 'delta-delivers-changes',
    rules: ['CONN-TCK-06', 'CONN-CORE-44'],
    title:
      'after one change, one creation and one deletion the next delta delivers the first two, and no one who is gone',
    needs: [NEEDS.writing, NEEDS.delta],
    async run(trial) {
      const [changed = '', deleted = ''] = await trial.makeMany(3);
      const mark = await fullRead(trial);
      await change(trial, changed, 0);
      await trial.connector.delete('user', deleted, {});
      const { id: created } = await trial.make(7);
      const pages = await trial.readAll(listing(trial), { type: 'user', mode: 'delta', watermark: mark });
      const read = idsOf(pages);
      must(read.includes(changed), 'the changed entity is not delivered');
      must(read.includes(created), 'the created entity is not delivered');
      must(!read.includes(deleted), 'the deleted entity is delivered as if it were there');
      must(pages.at(-1)?.watermark !== undefined, 'the delta gives no new mark');
    },
  },
  {
    id: 'mark-before-first-page',
    rules: ['CONN-TCK-08', 'CONN-CORE-43'],
    title: 'a change between first and last page is delivered by the next delta',
    needs: [NEEDS.writing, NEEDS.delta, NEEDS.pages],
    async run(trial) {
      const [id = ''] = await trial.makeMany(7);
      const connector = listing(trial);
      let page = await connector.readPage({ type: 'user', mode: 'full', cursor: null });
      await change(trial, id, 0);
      while (page.next !== null) page = await connector.readPage({ type: 'user', mode: 'full', cursor: page.next });
      must(page.watermark !== undefined, 'the read gives no mark');
      const read = idsOf(await trial.readAll(connector, { type: 'user', mode: 'delta', watermark: page.watermark }));
      must(read.includes(id), 'the change is lost');
    },
  },
  {
    id: 'mark-refused',
    rules: ['CONN-TCK-07', 'CONN-CORE-45', 'CONN-CORE-47'],
    title: 'a mark of another configuration, and one that is none, is deltaLost',
    needs: [NEEDS.delta],
    async run(trial) {
      const other = { v: 1, since: 'never' } as Watermark;
      const request = { type: 'user', mode: 'delta', cursor: null } as const;
      for (const watermark of [other, { v: 999 } as Watermark, undefined]) {
        const call = trial.connector.readPage({ ...request, ...(watermark === undefined ? {} : { watermark }) });
        const { kind } = await trial.errorOf(call, 'a delta read without a usable mark');
        must(kind === 'deltaLost', `a mark that is none is ${kind}, not deltaLost`);
      }
      if (trial.user.filter === undefined) return;
      const watermark = (await trial.readAll(trial.connector, { type: 'user' })).at(-1)?.watermark;
      must(watermark !== undefined, 'a full read gives no mark');
      const { kind } = await trial.errorOf(
        listing(trial).readPage({ ...request, watermark }),
        'a mark of a read without filter, used with one',
      );
      must(kind === 'deltaLost', `a mark of another filter is ${kind}, not deltaLost`);
    },
  },
];

function listing(trial: Trial) {
  return trial.open({ properties: trial.listing('user') });
}

async function fullRead(trial: Trial): Promise<Watermark> {
  const mark = (await trial.readAll(listing(trial), { type: 'user' })).at(-1)?.watermark;
  must(mark !== undefined, 'a full read gives no mark');
  return mark;
}

/** Gives an entity of the kit another text. */
export async function change(trial: Trial, id: string, n: number): Promise<void> {
  const before = trial.body(n);
  const body = withValueAt(before, trial.user.text, 'Changed');
  const mode = usualMode(trial.system, trial.capabilities);
  await openFor(trial, mode).update('user', id, { mode, body, before }, {});
}
