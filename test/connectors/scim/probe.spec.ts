import { afterEach, describe, expect, it } from '@jest/globals';
import { overrideProblems } from '../../../connectors/scim/profile-overrides.js';
import type { JsonObject } from '../../../core/json.js';
import type { ScimSimulatorOptions } from '../../../simulators/scim/simulator.js';
import { differing, isClean, startProbed } from '../support/probe.js';
import { errorOf, person } from '../support/scim.js';

const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

async function given(server: ScimSimulatorOptions) {
  const probed = await startProbed(server);
  closing.push(probed.stop);
  return probed;
}

describe('Probe of a SCIM server', () => {
  it('a server by the book has no differences worth a profile, and everything that was made is gone', async () => {
    const { simulator, probe } = await given({});
    const report = await probe({ mayWrite: true });
    expect(differing(report)).toEqual([]);
    expect(report).toMatchObject({ suggestedProfile: {}, removedLeftovers: 0, leftBehind: [] });
    expect(report.findings.map(({ name }) => name)).toEqual(
      expect.arrayContaining([
        'paging',
        'filter: eq',
        'user: conflict',
        'PATCH: remove',
        'group: last member',
        'user: delete',
      ]),
    );
    expect(isClean(simulator)).toBe(true);
  });

  it('without permission nothing is written', async () => {
    const { simulator, probe } = await given({});
    const report = await probe({ mayWrite: false });
    expect(simulator.journal.writesSince(0)).toEqual([]);
    expect(report.findings.map(({ name }) => name)).toContain('filter by time');
  });

  const cases: readonly (readonly [ScimSimulatorOptions['dialect'] & string, string, JsonObject])[] = [
    ['eq-only', 'filter: sw: 400 invalidFilter', { filter: 'eq-only', delta: { types: [] } }],
    ['no-filter', 'filter: eq: 400 invalidFilter', { filter: 'none', delta: { types: [] } }],
    ['hides-on-filter', 'filter: eq: 200 with nothing', { filter: 'none', delta: { types: [] } }],
    ['put-keeps-absent', 'PUT: what is absent: stays, unless null is sent', { putAbsent: 'keeps' }],
    ['string-booleans', 'booleans: text: "True"', { booleans: 'text' }],
    [
      'groups-without-members',
      'group: members on create: dropped without a word',
      { members: { onCreate: 'afterwards' } },
    ],
    ['refuses-members-on-create', 'group: members on create: refused: 400', { members: { onCreate: 'afterwards' } }],
    ['ignores-start-index', 'paging: startIndex is ignored', {}],
    ['total-is-page-size', 'total: totalResults changes', { paging: { total: 'estimate' } }],
    ['no-total', 'total: totalResults is missing', {}],
    ['fixed-groups', 'group: create: refused: 501', { groups: 'members-only' }],
    ['adopt-on-post', 'user: conflict: 200: the existing user is taken over', {}],
  ];
  it.each(cases)('CONN-SCIM-16: %s: "%s" leads to the profile', async (dialect, finding, profile) => {
    const { simulator, probe } = await given({ dialect });
    const report = await probe({ mayWrite: true });
    expect(differing(report)).toContainEqual(expect.stringContaining(finding));
    expect(report.suggestedProfile).toEqual(profile);
    expect(overrideProblems(report.suggestedProfile)).toEqual([]);
    expect(report.findings.every(({ verdict, advice }) => verdict !== 'differs' || advice !== undefined)).toBe(true);
    expect(isClean(simulator)).toBe(true);
  });

  it('what an earlier probe could not remove is reported, and removed by the next', async () => {
    const { simulator, probe } = await given({});
    simulator.faults.arm({ effect: { kind: 'status', status: 500 }, match: { methods: ['DELETE'] } });
    const first = await probe({ mayWrite: true });
    expect(first.leftBehind).toHaveLength(2);
    simulator.faults.clear();
    const second = await probe({ mayWrite: true });
    expect(second).toMatchObject({ removedLeftovers: 2, leftBehind: [] });
    expect(isClean(simulator)).toBe(true);
  });

  it('a stop in the middle removes what was made all the same', async () => {
    const { simulator, probe } = await given({});
    const stop = new AbortController();
    simulator.faults.arm({ effect: { kind: 'hang' }, match: { methods: ['PATCH'] } });
    setTimeout(() => stop.abort(), 500);
    expect((await errorOf(probe({ mayWrite: true, signal: stop.signal }))).kind).toBe('cancelled');
    simulator.faults.clear();
    expect(isClean(simulator)).toBe(true);
  });

  it('names that only look like those of a probe are never removed', async () => {
    const users = [
      person(1, { userName: 'muster-probe-' }),
      person(2, { userName: 'muster-probe-abcd1234x' }),
      person(3),
    ];
    const { simulator, probe } = await given({ users });
    await probe({ mayWrite: true });
    expect(isClean(simulator)).toBe(true);
  });

  it('a server that is away is an error, not a report', async () => {
    const { simulator, probe } = await given({});
    await simulator.stop();
    expect((await errorOf(probe({ mayWrite: true }))).scope).toBe('system');
  });
});
