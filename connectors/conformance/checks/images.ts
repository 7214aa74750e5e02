import { isDeepStrictEqual } from 'node:util';
import type { NativeEntity } from '../../contract.js';
import { NEEDS, type Check } from '../check.js';
import { must, type Trial } from '../trial.js';
import { change } from './delta.js';

export const IMAGES: readonly Check[] = [
  {
    id: 'images-tell-changes',
    rules: ['CONN-CORE-02', 'CHG-2'],
    title: 'where entities come with an image, equal ones mean equal entities, and a change gives another one',
    needs: [NEEDS.writing],
    async run(trial) {
      const [changed = '', other = ''] = await trial.makeMany(2);
      const before = await readEverybody(trial);
      await change(trial, changed, 0);
      const after = await readEverybody(trial);
      for (const [id, entity] of after) {
        const earlier = before.get(id);
        if (earlier?.image === undefined || entity.image === undefined || !earlier.image.equals(entity.image)) continue;
        must(isDeepStrictEqual(earlier.body, entity.body), 'an entity has changed, and its image has not');
      }
      const images = [changed, other].map((id) => after.get(id)?.image?.toString('base64'));
      must(images[0] === undefined || images[0] !== images[1], 'two entities have the same image');
    },
  },
];

async function readEverybody(trial: Trial): Promise<ReadonlyMap<string, NativeEntity>> {
  const connector = trial.open({ properties: trial.listing('user') });
  const pages = await trial.readAll(connector, { type: 'user' });
  return new Map(pages.flatMap(({ items }) => items).map((item) => [item.id, item]));
}
