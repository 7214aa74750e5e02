import { describe, expect, it } from '@jest/globals';
import { handRead, handWrite } from '../../bench/transform/hand-written.js';
import { entityFor, manyMappings, userProgram, WRITE_CONTEXT } from '../../bench/transform/programs.js';
import { compare, median } from '../../bench/transform/slices.js';
import { SCIM_READ_TRANSFORMATION } from '../../connectors/scim/transformations/read.js';
import { SCIM_WRITE_TRANSFORMATION } from '../../connectors/scim/transformations/write.js';
import type { JsonObject } from '../../core/json.js';

const ENTERPRISE = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User';
const PEOPLE: [string, JsonObject][] = [
  ['only an id', { id: '1' }],
  ['no primary address', { id: '1', emails: [{ value: 'a@example.com' }, { value: 'b@example.com' }] }],
  ['a primary address', { id: '1', emails: [{ value: 'a@example.com' }, { value: 'b@example.com', primary: true }] }],
  ['an empty list of addresses', { id: '1', emails: [] }],
  [
    'everything',
    {
      id: '1',
      userName: 'ada',
      meta: { version: '1' },
      schemas: ['urn:ietf:params:scim:schemas:core:2.0:User', ENTERPRISE],
      groups: [{ value: 'g' }],
      name: { givenName: 'Ada' },
      [ENTERPRISE]: { department: 'x' },
    },
  ],
];

describe('the benchmark of transformations', () => {
  it.each(PEOPLE)('TRF-2: the hand-written mappings give what the default transformations give: %s', (_what, input) => {
    const read = userProgram(SCIM_READ_TRANSFORMATION, 'read').read(input, WRITE_CONTEXT);
    if (read.kind !== 'mapped') throw new Error(read.kind);
    const { sourceId, common, correlation } = read;
    expect(handRead(input)).toEqual({ sourceId, common, correlation });
    const written = userProgram(SCIM_WRITE_TRANSFORMATION, 'write').write(common, 'update', WRITE_CONTEXT);
    expect(written).toMatchObject({ kind: 'mapped' });
    expect(handWrite(common, 't-1')).toEqual(written.kind === 'mapped' ? written.target : undefined);
  });

  it('generated mappings all have an effect', () => {
    const written = userProgram(manyMappings(40), 'write').write(entityFor(40), 'update', WRITE_CONTEXT);
    if (written.kind !== 'mapped') throw new Error(written.message);
    const attributes = Object.values(written.target).map((group) => Object.keys(group ?? {}).length);
    // The id is a text; of the first group one mapping became the id.
    expect(attributes.sort((left, right) => left - right)).toEqual([3, 9, 10, 10, 10]);
  });

  it('says how much slower one side is than the other', () => {
    const spin = (rounds: number) => () => {
      let sum = 0;
      for (let round = 0; round < rounds; round += 1) sum += Math.sqrt(round);
      if (sum < 0) throw new Error('never');
    };
    const { ratio, first, second } = compare(spin(100_000), spin(1_000), 1, 200);
    expect(ratio).toBeGreaterThan(10);
    expect(first).toBeGreaterThan(second);
    expect([median([3, 1, 2]), median([4, 1, 2, 3])]).toEqual([2, 2.5]);
  });
});
