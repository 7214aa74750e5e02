import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { accountSteps, withEncodedPassword } from '../../../connectors/ldap/ad/account.js';
import { isNameTaken } from '../../../connectors/ldap/ad/extended-codes.js';
import {
  firstPosition,
  fromCursor,
  narrowed,
  positionAfter,
  tileAt,
  toCursorPart,
} from '../../../connectors/ldap/ad/tiles.js';

/** Reads a directory of counters by tiles; `change` may move objects to higher counters before each tile. */
function readByTiles(
  counters: Map<string, bigint>,
  pageSize: number,
  change: (tile: number) => void,
): { found: string[]; tiles: number } {
  const highest = [...counters.values()].reduce((a, b) => (a > b ? a : b), 0n);
  const found: string[] = [];
  let position = firstPosition(1n);
  for (let tiles = 1; ; tiles++) {
    change(tiles);
    const tile = tileAt(position, highest);
    const inside = [...counters].filter(([, usn]) => usn >= tile.from && (tile.to === undefined || usn <= tile.to));
    if (tile.to !== undefined && inside.length > 5 * pageSize) {
      position = narrowed(position) ?? position;
      continue;
    }
    found.push(...inside.map(([name]) => name));
    if (tile.to === undefined) return { found, tiles };
    // What stands in a cursor is JSON.
    const next = positionAfter({ from: tile.from, to: tile.to }, inside.length, pageSize, position.width);
    position =
      fromCursor({ v: 1, ...(JSON.parse(JSON.stringify(toCursorPart(next))) as Record<string, string>) }) ?? next;
  }
}

const directory = fc
  .array(fc.bigInt({ min: 1n, max: 5_000_000_000n }), { minLength: 1, maxLength: 300 })
  .map((usns) => new Map([...new Set(usns)].map((usn, index) => [`o${index}`, usn])));

describe('CONN-LDAP-24: tiles of the change counter', () => {
  it('every object is found once, however far apart the counters are, in few requests', () => {
    fc.assert(
      fc.property(directory, fc.integer({ min: 1, max: 50 }), (counters, pageSize) => {
        const { found, tiles } = readByTiles(counters, pageSize, () => undefined);
        expect(found.sort()).toEqual([...counters.keys()].sort());
        expect(tiles).toBeLessThan(60 + 40 * Math.ceil(counters.size / pageSize));
      }),
    );
  });

  it('CONN-CORE-20: an object that changes before the last tile is passed over by none', () => {
    fc.assert(
      fc.property(directory, fc.array(fc.nat(299), { maxLength: 40 }), (counters, moves) => {
        const names = [...counters.keys()];
        let clock = 6_000_000_000n;
        const { found } = readByTiles(new Map(counters), 10, () => undefined);
        const live = new Map(counters);
        const moved = readByTiles(live, 10, (tile) => {
          const name = names[(moves[tile] ?? 0) % names.length];
          if (moves[tile] !== undefined && name !== undefined) live.set(name, (clock += 1n));
        });
        expect(new Set(moved.found)).toEqual(new Set(found));
      }),
    );
  });
});

describe('accounts of Active Directory', () => {
  const operation = { label: 'create user', kind: 'write' } as const;
  const account = (values: Record<string, string>) =>
    new Map(Object.entries(values).map(([name, value]) => [name.toLowerCase(), { name, values: [value] }]));

  it('CONN-AD-30: UTF-16LE in quotation marks, and only over an encrypted connection', () => {
    const encoded = withEncodedPassword(account({ unicodePwd: 'pä' }), true, operation);
    expect(encoded.get('unicodepwd')?.values).toEqual([Buffer.from('22007000e4002200', 'hex')]);
    expect(() => withEncodedPassword(account({ unicodePwd: 'x' }), false, operation)).toThrow('encrypted');
    const without = account({ cn: 'x' });
    expect(withEncodedPassword(without, false, operation)).toBe(without);
  });

  it.each([
    [{ unicodePwd: 'x', userAccountControl: '512' }, '514', '512'],
    [{ unicodePwd: 'x', userAccountControl: '66048' }, '66050', '66048'],
    [{ unicodePwd: 'x', userAccountControl: '514' }, '514', undefined],
    [{ userAccountControl: '512' }, '512', undefined],
    [{ unicodePwd: 'x' }, undefined, undefined],
  ])('CONN-AD-32, CONN-AD-33: %j is added as %s and then set to %s', (values, first, state) => {
    const steps = accountSteps(account(values));
    expect(steps.first.get('useraccountcontrol')?.values[0]).toBe(first);
    expect(steps.state).toBe(state);
  });

  it.each([
    [68, '', true],
    [68, '00002071: UpdErr: DSID-0305038D', true],
    [19, '00000524: UpdErr', true],
    [19, '00000526: UpdErr', true],
    [19, '000021C8: AtrErr: DSID-03200BBA', false],
    [68, '000021C8: AtrErr', false],
    [19, '', false],
  ])('CONN-LDAP-65: result %i with %j: the name is taken: %s', (code, diagnostic, taken) => {
    expect(isNameTaken(code, diagnostic)).toBe(taken);
  });
});
