import type { Cursor, Page } from '../../contract.js';
import { NEEDS, type Check } from '../check.js';
import { valueAt } from '../json-pointer.js';
import { idsOf, must, PAGE_SIZE, Seen, type Trial } from '../trial.js';

const MAX_POSITION_BYTES = 8 * 1024;
/** An identifier that no system gives. */
const NOBODY = '00000000-0000-4000-8000-000000000000';

/** Entities that a page holds in checks of sizes: none, one, and around one and three pages. */
const SIZES = [0, 1, PAGE_SIZE - 1, PAGE_SIZE, PAGE_SIZE + 1, 3 * PAGE_SIZE + 1];

export const READING: readonly Check[] = [
  {
    id: 'every-entity-once',
    rules: ['CONN-TCK-01', 'CONN-CORE-25'],
    title: '0, 1, and around one and three pages of entities: every identifier exactly once, one end, one mark',
    needs: [NEEDS.writing, NEEDS.pages],
    async run(trial) {
      const connector = trial.open({ properties: trial.listing('user') });
      const made: string[] = [];
      for (const size of SIZES) {
        made.push(...(await trial.makeMany(size - made.length, made.length)));
        const pages = await trial.readAll(connector, { type: 'user' });
        const read = idsOf(pages);
        for (const id of made) {
          const times = read.filter((other) => other === id).length;
          must(times === 1, `of ${size} entities one was delivered ${times} times`);
        }
        must(
          pages.every(({ failures }) => failures.length === 0),
          'entities are reported as unreadable',
        );
        const marks = pages.filter(({ watermark }) => watermark !== undefined);
        const isMarked = marks.length === 1 && pages.at(-1)?.watermark !== undefined;
        // Without deltas there is nothing that a mark would be for.
        must(isMarked || trial.capabilities.delta === 'none', 'the mark must come with the last page only');
      }
    },
  },
  {
    id: 'page-size',
    rules: ['CONN-CORE-25'],
    title: 'the configured page size is kept, and a smaller one asked for as well',
    needs: [NEEDS.writing, NEEDS.pages],
    async run(trial) {
      await trial.makeMany(2 * PAGE_SIZE);
      const connector = trial.open({ properties: trial.listing('user') });
      const pages = await trial.readAll(connector, { type: 'user' });
      const largest = Math.max(...pages.map(({ items }) => items.length));
      must(largest <= PAGE_SIZE, `a page has ${largest} entities although ${PAGE_SIZE} were wanted`);
      const smaller = await connector.readPage({ type: 'user', mode: 'full', cursor: null, pageSizeEntities: 2 });
      must(smaller.items.length <= 2, 'the page size of a single request is not kept');
    },
  },
  {
    id: 'pages-repeat',
    rules: ['CONN-TCK-02', 'CONN-CORE-20'],
    title: 'each page asked for twice: the same position, nothing left out',
    needs: [NEEDS.writing, NEEDS.pages],
    async run(trial) {
      const made = await trial.makeMany(2 * PAGE_SIZE + 2);
      const connector = trial.open({ properties: trial.listing('user') });
      const seen = new Seen();
      let cursor: Cursor | null = null;
      do {
        const request = { type: 'user', mode: 'full', cursor } as const;
        const first = await connector.readPage(request);
        const again: Page = await connector.readPage(request);
        const missing = idsOf([first]).filter((id) => !idsOf([again]).includes(id));
        must(missing.length === 0, 'a page that is asked for again lacks entities of the first time');
        seen.add(again);
        cursor = again.next;
      } while (cursor !== null);
      must(
        made.every((id) => seen.ids.has(id)),
        'entities were left out',
      );
    },
  },
  {
    id: 'read-resumes',
    rules: ['CONN-TCK-03', 'CONN-CORE-04', 'CONN-CORE-09'],
    title: 'each page by another process, the position stored as JSON: nothing left out, or a clear refusal to go on',
    needs: [NEEDS.writing, NEEDS.pages],
    async run(trial) {
      const made = await trial.makeMany(2 * PAGE_SIZE + 2);
      const seen = new Seen();
      let cursor: Cursor | null = null;
      do {
        const connector = trial.open({ properties: trial.listing('user') });
        const read: Promise<Page> = connector.readPage({ type: 'user', mode: 'full', cursor });
        if (cursor !== null && trial.capabilities.cursorResume !== 'always') {
          await trial.errorOf(read, 'a position of another connection');
          return;
        }
        const page: Page = await read;
        seen.add(page);
        cursor = stored(trial, page.next);
        stored(trial, page.watermark ?? null);
        await connector.close();
      } while (cursor !== null);
      must(
        made.every((id) => seen.ids.has(id)),
        'entities were left out',
      );
    },
  },
  {
    id: 'changes-while-reading',
    rules: ['CONN-TCK-04', 'CONN-CORE-24'],
    title: 'entities come and go while pages are read: who stayed is delivered, or drift is reported',
    needs: [NEEDS.writing, NEEDS.pages],
    async run(trial) {
      const made = await trial.makeMany(2 * PAGE_SIZE + 2);
      const connector = trial.open({ properties: trial.listing('user') });
      const first = await connector.readPage({ type: 'user', mode: 'full', cursor: null });
      const own = idsOf([first]).filter((id) => made.includes(id));
      const gone = own.slice(0, 2);
      for (const id of gone) await trial.connector.delete('user', id, {});
      await trial.make(100);
      const pages = [first];
      while (pages.at(-1)?.next) {
        pages.push(await connector.readPage({ type: 'user', mode: 'full', cursor: pages.at(-1)?.next ?? null }));
      }
      const read = new Set(idsOf(pages));
      const missed = made.filter((id) => !gone.includes(id) && !read.has(id));
      const drift = pages.some((page) => page.drift !== undefined) || read.size < (pages.at(-1)?.total?.value ?? 0);
      must(missed.length === 0 || drift, `${missed.length} entities were passed over without a word`);
    },
  },
  {
    id: 'read-one',
    rules: ['CONN-CORE-27', 'CONN-CORE-02', 'CONN-CORE-06'],
    title: 'one entity by id, in the native shape; null for one that does not exist',
    needs: [NEEDS.writing],
    async run(trial) {
      const { id, body } = await trial.make(1);
      const entity = await trial.connector.readOne('user', id, {});
      must(entity !== null, 'a created entity is not found by its id');
      must(entity.id === id && entity.type === 'user', 'another entity than the one asked for');
      const { name } = trial.user;
      must(valueAt(entity.body, name) === valueAt(body, name), `the name at ${name} is not what was written`);
      must((await trial.connector.readOne('user', NOBODY, {})) === null, 'an unknown identifier must give null');
    },
  },
  {
    id: 'listed-as-read-alone',
    rules: ['CONN-CORE-02', 'CONN-CORE-06'],
    title: 'a list and a single read give the same entity, so that both have the same hash',
    needs: [NEEDS.writing],
    async run(trial) {
      const { id } = await trial.make(1);
      const pages = await trial.readAll(trial.open({ properties: trial.listing('user') }), { type: 'user' });
      const listed = pages.flatMap(({ items }) => items).find((item) => item.id === id);
      const alone = await trial.connector.readOne('user', id, {});
      must(listed !== undefined && alone !== null, 'the entity is missing in the list or alone');
      const { name, text } = trial.user;
      for (const place of [name, text]) {
        const differs = JSON.stringify(valueAt(listed.body, place)) !== JSON.stringify(valueAt(alone.body, place));
        must(!differs, `${place} differs between the list and the single read`);
      }
    },
  },
  {
    id: 'filter-in-force',
    rules: ['DEL-23'],
    title: 'with a filter in force, an entity outside it is not found by id or the question is refused, one inside is',
    needs: [NEEDS.writing, NEEDS.filter],
    async run(trial) {
      const inside = await trial.make(1);
      const connector = trial.open({ properties: trial.listing('user') });
      const foreign = trial.open({ properties: otherMark(trial) });
      await trial.readAll(connector, { type: 'user' });
      const found = await answerTo(connector.readOne('user', inside.id, { withFilter: true }));
      const outside = await answerTo(foreign.readOne('user', inside.id, { withFilter: true }));
      must(found === 'found' || found === 'unsupported', `an entity inside the filter is ${found}`);
      must(outside === 'absent' || outside === 'unsupported', `an entity outside the filter is ${outside}`);
    },
  },
  {
    id: 'capabilities-are-pure',
    rules: ['CONN-CORE-05', 'CONN-CORE-10'],
    title: 'capabilities come from the properties alone, the same each time, in under 5 ms',
    needs: [],
    run(trial) {
      const { factory, properties } = trial.system;
      const started = performance.now();
      const times = 100;
      const expected = JSON.stringify(factory.capabilities(properties, 'target'));
      for (let n = 1; n < times; n++) {
        must(
          JSON.stringify(factory.capabilities(properties, 'target')) === expected,
          'capabilities change by themselves',
        );
      }
      const milliseconds = (performance.now() - started) / times;
      must(milliseconds < 5, `capabilities take ${milliseconds.toFixed(1)} ms`);
      return Promise.resolve();
    },
  },
  {
    id: 'connection-test',
    rules: ['CONN-SCIM-18'],
    title: 'the connection test succeeds and says what it tried',
    needs: [],
    async run(trial) {
      const report = await trial.connector.testConnection({});
      trial.recorder.note(report);
      const failed = report.checks.find(({ ok }) => !ok);
      must(report.ok && failed === undefined, failed?.message ?? 'the report is not ok');
      must(report.checks.length > 0, 'the report names nothing that was tried');
    },
  },
];

/** As the engine does it. */
function stored<T extends Cursor | null>(trial: Trial, position: T): T {
  const text = JSON.stringify(position);
  trial.recorder.note(text);
  must(text.length <= MAX_POSITION_BYTES, `a position takes ${text.length} bytes`);
  must(position === null || typeof position.v === 'number', 'a position has no version "v"');
  return JSON.parse(text) as T;
}

/** The filter of a mark that nobody has. */
function otherMark(trial: Trial): Record<string, string> {
  const filter = Object.entries(trial.user.filter ?? {});
  return Object.fromEntries(filter.map(([name, text]) => [name, text.replaceAll('${mark}', `${trial.mark}none`)]));
}

async function answerTo(look: Promise<object | null>): Promise<string> {
  try {
    return (await look) === null ? 'absent' : 'found';
  } catch (error) {
    return error instanceof Error && 'kind' in error ? String(error.kind) : 'an error';
  }
}
