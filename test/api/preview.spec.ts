import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { previewResult } from '../../api/transformations/preview.schemas.js';
import type { PreviewedEntity, PreviewResult } from '../../api/transformations/preview.schemas.js';
import type { JsonValue } from '../../core/json.js';
import { startTestApi } from './support/api-server.js';
import type { TestApi } from './support/api-server.js';
import { createSource, createTarget } from './support/fixtures.js';

const PATH = '/api/v1/transformations/preview';
const CANARY = 'canary-77aa01';
const MASK = '••••••••';

let api: TestApi;
let hr: string;
let crm: string;

beforeAll(async () => {
  api = await startTestApi();
  hr = await createSource(api, 'HR');
  crm = await createTarget(api, 'CRM', [hr]);
});
afterAll(() => api.stop());

const SOURCE_ID = { sourcePath: '$.uid', targetVariable: 'entityIdSourceSystem' };
const TARGET_ID = { sourceVariable: 'entityIdTargetSystem', targetPath: '$.id' };
type Document = { user: { mappings: JsonValue[] } };
const read = (...mappings: JsonValue[]): Document => ({ user: { mappings: [SOURCE_ID, ...mappings] } });
const write = (...mappings: JsonValue[]): Document => ({ user: { mappings: [TARGET_ID, ...mappings] } });

/** Sends a preview; fails unless it is answered as the OpenAPI document says. */
async function preview(body: object): Promise<PreviewResult> {
  const response = await api.send('post', PATH, body);
  if (response.status !== 200) throw new Error(`${response.status} ${response.text}`);
  expect(previewResult.strict().safeParse(response.body).error).toBeUndefined();
  return response.body;
}

async function previewOne(body: object): Promise<PreviewedEntity> {
  const { entities } = await preview(body);
  const [entity] = entities;
  if (entity === undefined || entities.length > 1) throw new Error('not one entity');
  return entity;
}

describe('trying transformations', () => {
  const source = {
    transformation: {
      user: { ...read({ sourcePath: '$.login', targetPath: '$.userName' }).user, condition: "$.state == 'A'" },
    },
  };
  const target = {
    transformation: write(
      { sourcePath: '$.userName', targetPath: '$.account.name' },
      { constant: '%app.origin%', targetPath: '$.account.origin', scope: 'createEntity' },
      { constant: false, targetPath: '$.active', scope: 'deleteEntity' },
    ),
    properties: { 'app.origin': 'imported' },
  };

  it('TRF-2, TRF-12, SCP-1: gives common JSON and what create, update and delete would send', async () => {
    const entity = await previewOne({
      source,
      target,
      entities: [{ content: { uid: 77, login: 'mlopez', state: 'A' }, targetId: 't-1' }],
    });
    expect(entity).toMatchObject({
      type: 'user',
      sourceId: '77',
      read: { outcome: 'mapped', result: { userName: 'mlopez' } },
      targetId: { value: 't-1', from: 'request' },
    });
    expect(entity.create?.result).toEqual({ account: { name: 'mlopez', origin: 'imported' } });
    expect(entity.update?.result).toEqual({ id: 't-1', account: { name: 'mlopez' } });
    expect(entity.delete?.result).toEqual({ active: false });
    expect(entity.create?.trace.attributes).toContainEqual({
      pointer: '/account/origin',
      mapping: '/user/mappings/2',
    });
    expect(entity.update?.trace.mappings[2]).toEqual({
      pointer: '/user/mappings/2',
      status: 'notExecuted',
      functions: [],
    });
  });

  it('SKP-1, SKP-9, ERR-1: says why an entity was skipped or failed, each on its own', async () => {
    const { entities } = await preview({
      source,
      target,
      entities: [
        { content: { uid: '1', login: 'a', state: 'B' } },
        { content: { uid: '2', state: 'A' } },
        { content: { uid: '3', login: 'c', state: 'A' } },
        { content: { id: '4' }, type: 'group' },
      ],
    });
    expect(entities.map((entity) => [entity.sourceId, entity.read?.outcome, entity.read?.reason])).toEqual([
      ['1', 'skipped', "Entity condition [$.state == 'A'] is not fulfilled"],
      ['2', 'failed', 'Attribute at path $.login is mandatory but missing'],
      ['3', 'mapped', undefined],
      [undefined, 'skipped', expect.stringContaining('does not process entities of type group')],
    ]);
    expect(entities.map((entity) => entity.create?.outcome)).toEqual([undefined, undefined, 'mapped', undefined]);
    expect(entities[0]?.read?.trace.condition?.tests).toEqual([{ text: "$.state == 'A'", met: false }]);
  });

  it('SKP-2, SKP-5: a target skips by its condition and by skipOperations', async () => {
    const transformation = { user: { ...write().user, condition: '$.n > 1', skipOperations: ['update'] } };
    const { entities } = await preview({
      target: { transformation },
      entities: [{ content: { n: 1 } }, { content: { n: 2 } }],
    });
    expect(entities.map(({ create, update }) => [create?.outcome, update?.outcome])).toEqual([
      ['skipped', 'skipped'],
      ['mapped', 'skipped'],
    ]);
    expect(entities[1]?.update?.reason).toBe('Operation [update] is skipped in target transformation');
    expect(entities[0]?.read).toBeUndefined();
  });

  it('ERR-3: warnings of the compiler come with the result', async () => {
    const { warnings } = await preview({
      source: { transformation: read({ sourcePath: '$.a', targetPath: '$.a', optinal: true, optional: true }) },
      target: { transformation: { user: { mappings: [{ constant: '%nobody.set.it%', targetPath: '$.x' }] } } },
      entities: [{ content: { uid: 1 } }],
    });
    expect(warnings.source.map(({ code, pointer }) => [code, pointer])).toEqual([
      ['unknownKey', '/user/mappings/1/optinal'],
    ]);
    expect(warnings.target.map(({ code }) => code).sort()).toEqual(['noTargetId', 'placeholderUnset']);
  });
});

describe('stored systems', () => {
  it('TRF-2: their transformations are used, and documents of the request in place of them', async () => {
    const content = { id: 's-1', userName: 'ada', meta: { version: '3' } };
    const stored = await previewOne({ source: { systemId: hr }, target: { systemId: crm }, entities: [{ content }] });
    expect(stored).toMatchObject({ sourceId: 's-1', create: { outcome: 'mapped', result: { userName: 'ada' } } });
    const target = { systemId: crm, transformation: write({ constant: '%User%', targetPath: '$.by' }) };
    const tried = await previewOne({ source: { systemId: hr }, target, entities: [{ content }] });
    expect(tried.create?.result).toEqual({ by: 'svc' });
    const own = { ...target, properties: { User: 'mine' } };
    expect((await previewOne({ target: own, entities: [{ content }] })).create?.result).toEqual({ by: 'mine' });
  });

  it('FNC-36, WRT-7, VAR-4: references and ids are resolved by the links, what is not linked is named', async () => {
    const [source, target] = await Promise.all([hr, crm].map(numberOf));
    const entityNo = await linked(source, target, 1, 's-7', 't-7');
    await linked(source, target, 2, 'g-1', 't-g');
    const transformation = {
      group: {
        mappings: [
          TARGET_ID,
          {
            sourcePath: '$.members[*].value',
            preserveArrayWithSingleElement: true,
            targetPath: '$.members[?(@.value)]',
            functions: [{ type: 'resolveEntityIds' }],
          },
        ],
      },
    };
    const body = {
      source: {
        systemId: hr,
        transformation: {
          group: {
            mappings: [
              { sourcePath: '$', targetPath: '$' },
              { ...SOURCE_ID, sourcePath: '$.id' },
            ],
          },
        },
      },
      target: { systemId: crm, transformation },
      entities: [{ type: 'group', content: { id: 'g-1', members: [{ value: 's-7' }, { value: 's-8' }] } }],
    };
    const entity = await previewOne(body);
    expect(entity.targetId).toEqual({ value: 't-g', from: 'link' });
    expect(entity.update?.result).toEqual({ id: 't-g', members: [{ value: 't-7' }] });
    expect(entity.update?.unresolved).toEqual([{ type: 'user', sourceId: 's-8' }]);

    // A transformation alone has no links.
    const alone = await previewOne({ ...body, target: { transformation } });
    expect(alone.targetId?.from).toBe('assumed');
    expect(alone.update?.unresolved).toEqual([
      { type: 'user', sourceId: 's-7' },
      { type: 'user', sourceId: 's-8' },
    ]);
    expect(entityNo).toBeGreaterThan(0);
  });

  async function numberOf(id: string): Promise<number> {
    const [row] = await api.sql('select no from system where id = $1', [id]);
    return row !== undefined && 'no' in row && typeof row.no === 'number' ? row.no : 0;
  }

  async function linked(
    sourceNo: number | undefined,
    targetNo: number | undefined,
    type: number,
    sourceKey: string,
    targetKey: string,
  ): Promise<number> {
    const [row] = await api.sql(
      `with e as (insert into entity (source_id, type, source_key, presence, read_seq) values ($1, $3, $4, 1, 1) returning entity_no)
       insert into link (target_id, entity_no, type, state, origin, target_key)
       select $2, entity_no, $3, 1, 1, $5 from e returning entity_no::float8 as no`,
      [sourceNo, targetNo, type, sourceKey, targetKey],
    );
    return row !== undefined && 'no' in row && typeof row.no === 'number' ? row.no : 0;
  }
});

describe('secrets', () => {
  const RANDOM = {
    function: 'randomPassword',
    passwordLength: 12,
    minimumNumberOfLowercaseLetters: 0,
    minimumNumberOfUppercaseLetters: 0,
    minimumNumberOfDigits: 12,
    minimumNumberOfSpecialSymbols: 0,
  };

  it('TRC-7, PHL-5, CRD-2: credentials and generated passwords never appear, whoever sent them', async () => {
    await api.send('patch', `/api/v1/systems/${crm}/properties`, {
      credentials: { 'initial.password': `${CANARY}-stored`, 'my.secret': `${CANARY}-own` },
    });
    const transformation = write(
      { constant: 'is %initial.password%', targetPath: '$.a' },
      { constant: '%my.secret%', targetPath: '$.b.c' },
      { constant: '%other.secret%', targetPath: '$.d' },
      { functions: [RANDOM], targetPath: '$.e' },
      { sourcePath: '$.userPassword', targetPath: '$.f' },
      { sourcePath: '$', targetPath: '$.g' },
      { constant: 'open', targetPath: '$.open', condition: "'%initial.password%' == 'x'" },
    );
    const entities = [{ content: { userPassword: `${CANARY}-entity`, n: 1 } }];
    const credentials = { 'other.secret': `${CANARY}-sent` };
    const stored = await previewOne({ target: { systemId: crm, transformation, credentials }, entities });
    expect(stored.create?.result).toMatchObject({ a: MASK, b: { c: MASK }, d: MASK, e: MASK, f: MASK });
    expect(stored.create?.result).toMatchObject({ g: { userPassword: MASK, n: 1 } });
    const properties = { 'initial.password': `${CANARY}-plain`, Password: `${CANARY}-p` };
    const alone = await previewOne({ target: { transformation, properties, credentials }, entities });
    const text = JSON.stringify([stored, alone]);
    expect(text).toContain('is %initial.password%');
    expect(text).not.toContain(CANARY);
    expect(text).not.toMatch(/\d{12}/);
    expect(api.logged()).not.toContain(CANARY);
  });

  it('PHL-5: a condition of a trial transformation finds out nothing about a stored credential', async () => {
    const guess = (condition: string) =>
      previewOne({
        target: { systemId: crm, transformation: { user: { ...write().user, condition } } },
        entities: [{ content: {} }],
      });
    // The password of the fixture is "correct horse".
    expect((await guess("'%Password%' == 'correct horse'")).create?.outcome).toBe('skipped');
    expect((await guess("'%Password%' =~ /c.*/")).create?.outcome).toBe('skipped');
    expect((await guess("'%Password%' != 'null'")).create?.outcome).toBe('mapped');
  });

  it('LNK-5: a read transformation that takes a credential as value is refused, on saving too', async () => {
    const transformation = {
      user: {
        mappings: [
          { sourcePath: '$.id', targetVariable: 'entityIdSourceSystem' },
          { constant: '%Password%', targetPath: '$.x' },
        ],
      },
    };
    const tried = await api.send('post', PATH, {
      source: { systemId: hr, transformation },
      entities: [{ content: {} }],
    });
    expect(tried.body).toMatchObject({
      status: 422,
      errors: [{ pointer: '/source/transformation/user/mappings/1/constant' }],
    });
    const saved = await api.send('put', `/api/v1/systems/${hr}/transformation`, { transformation });
    expect(saved.body).toMatchObject({
      status: 422,
      errors: [{ pointer: '/transformation/user/mappings/1/constant' }],
    });
  });
});

describe('refusals', () => {
  const entities = [{ content: {} }];

  it('ERR-3: all mistakes of both transformations come with place, text and remedy', async () => {
    const response = await api.send('post', PATH, {
      source: { transformation: { user: { mappings: [{ sourcePath: '$.[', targetPath: '$.a' }] } } },
      target: {
        transformation: write({ sourcePath: '$.a', targetPath: '$.a', functions: [{ function: 'toUperCaseString' }] }),
      },
      entities,
    });
    expect(response.body).toMatchObject({ status: 422, type: 'urn:muster:problem:invalid-transformation' });
    const errors: { pointer: string; message: string }[] = response.body.errors;
    expect(errors.map(({ pointer }) => pointer)).toEqual([
      '/source/transformation/user/mappings/0/sourcePath',
      '/source/transformation/user/mappings',
      '/target/transformation/user/mappings/1/functions/0/function',
    ]);
    expect(errors[2]?.message).toMatch(/"toUperCaseString".*toUpperCaseString/);
  });

  it.each<[string, string, object]>([
    ['neither source nor target', '', { entities }],
    ['a side without anything', '/source', { source: {}, entities }],
    ['no entity', '/entities', { source: { transformation: {} }, entities: [] }],
    ['more than 20 entities', '/entities', { source: { transformation: {} }, entities: Array(21).fill(entities[0]) }],
    ['another type', '/entities/0/type', { source: { transformation: {} }, entities: [{ type: 'role', content: {} }] }],
    [
      'an entity that is no object',
      '/entities/0/content',
      { source: { transformation: {} }, entities: [{ content: 1 }] },
    ],
    ['a misspelt key', '/entites', { source: { transformation: {} }, entities, entites: [] }],
    ['a system id that is none', '/target/systemId', { target: { systemId: 'x' }, entities }],
  ])('refuses %s and says where: %s', async (_what, pointer, body) => {
    const response = await api.send('post', PATH, body);
    expect(response.body).toMatchObject({ status: 400, errors: [expect.objectContaining({ pointer })] });
  });

  it('refuses a system in the wrong role, and one that does not exist', async () => {
    const wrong = await api.send('post', PATH, { source: { systemId: crm }, entities });
    expect(wrong.body).toMatchObject({ status: 400, errors: [{ pointer: '/source/systemId' }] });
    const unknown = await api.send('post', PATH, {
      target: { systemId: '00000000-0000-4000-8000-000000000000' },
      entities,
    });
    expect(unknown.status).toBe(404);
  });

  it('changes nothing: neither versions nor programs nor jobs', async () => {
    const state = () =>
      api.sql(`select (select count(*) from transformation_version) as versions, (select count(*) from program) as programs,
                      (select count(*) from run) as runs, (select count(*) from backlog) as backlog`);
    const before = await state();
    await preview({ source: { systemId: hr }, target: { systemId: crm, transformation: write() }, entities });
    expect(await state()).toEqual(before);
  });
});
