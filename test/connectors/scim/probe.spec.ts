import { afterEach, describe, expect, it } from '@jest/globals';
import type { ProbeReport } from '../../../connectors/probe-report.js';
import { overrideProblems } from '../../../connectors/scim/profile-overrides.js';
import type { JsonObject } from '../../../core/json.js';
import {
  startScimSimulator,
  type ScimSimulator,
  type ScimSimulatorOptions,
} from '../../../simulators/scim/simulator.js';
import { HttpFront, type FrontAnswer, type Interference } from '../../../connectors/conformance/http-front.js';
import { errorOf, openScim, person } from '../support/scim.js';

const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

const people = (count: number) => Array.from({ length: count }, (_, n) => person(n));

async function given(server: ScimSimulatorOptions, lie?: Interference) {
  const simulator = await startScimSimulator({ users: people(3), ...server });
  const front = await HttpFront.start(new URL(simulator.url).origin);
  front.interfere = lie;
  const { pathname } = new URL(simulator.url);
  const connector = openScim(`http://127.0.0.1:${front.port}${pathname}`, {
    properties: { 'scim.discovery': 'auto' },
    limits: { writeCancelGraceMs: 200 },
  });
  const probe = connector.probe;
  if (probe === undefined) throw new Error('the connector has no probe');
  closing.push(
    () => simulator.stop(),
    () => front.stop(),
    () => connector.close(),
  );
  return { simulator, probe };
}

const differing = (report: ProbeReport): string[] =>
  report.findings.filter(({ verdict }) => verdict === 'differs').map(({ name, found }) => `${name}: ${found}`);

async function mustBeClean(simulator: ScimSimulator): Promise<void> {
  expect(simulator.statistics()).toMatchObject({ users: 3, groups: 0 });
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
    await mustBeClean(simulator);
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
    await mustBeClean(simulator);
  });

  const json = (answer: FrontAnswer, change: (body: JsonObject) => JsonObject): FrontAnswer => ({
    ...answer,
    body: JSON.stringify(change(JSON.parse(answer.body) as JsonObject)),
  });
  const without = (name: string) => (body: JsonObject) => {
    const { [name]: _, ...rest } = body;
    return rest;
  };
  const okay: FrontAnswer = { status: 200, headers: { 'content-type': 'application/scim+json' }, body: '{}' };

  /** What servers were seen to do while they answered as if all were well. */
  const lies: readonly (readonly [lie: string, finding: string, profile: JsonObject, Interference])[] = [
    [
      'attributes echoed with 201 but not stored',
      'user: attributes: not stored: nickName; though the answer to the create showed nickName',
      {},
      async ({ method, path, body }, forward) => {
        if (method !== 'POST' || !path.endsWith('/Users')) return forward();
        const sent = JSON.parse(body) as JsonObject;
        const answer = await forward({ body: JSON.stringify(without('nickName')(sent)) });
        return answer.status === 201
          ? json(answer, (made) => ({ ...made, nickName: sent['nickName'] ?? null }))
          : answer;
      },
    ],
    [
      'PATCH that answers 200 and changes nothing',
      'PATCH: replace by path: answers 200 and changes nothing',
      {},
      ({ method, path }, forward) => (method === 'PATCH' && path.includes('/Users/') ? okay : forward()),
    ],
    [
      'members that appear only when asked for',
      'group: members shown: only when they are asked for by name',
      { members: { shown: 'on-request' } },
      async ({ method, path }, forward) => {
        const answer = await forward();
        if (method !== 'GET' || !path.includes('/Groups') || path.includes('attributes=')) return answer;
        const list = (body: JsonObject): JsonObject => {
          const resources = body['Resources'];
          return Array.isArray(resources)
            ? { ...body, Resources: resources.map((one) => without('members')(one as JsonObject)) }
            : without('members')(body);
        };
        return answer.status === 200 ? json(answer, list) : answer;
      },
    ],
    [
      'a time of change that does not move',
      'user: time of change: meta.lastModified does not move',
      { delta: { types: [] } },
      async (_, forward) => {
        const answer = await forward();
        return {
          ...answer,
          body: answer.body.replace(/"lastModified":"[^"]*"/g, '"lastModified":"2026-01-01T00:00:00.123Z"'),
        };
      },
    ],
    [
      'filters by time that answer 200 with nothing',
      'filter by time: 200 with nothing, whatever the time',
      { delta: { types: [] } },
      ({ path }, forward) =>
        path.includes('lastModified') ? { ...okay, body: '{"totalResults":0,"Resources":[]}' } : forward(),
    ],
    [
      'filters by time that are ignored',
      'filter by time: ignored: users changed in the year 2999 are found',
      { delta: { types: [] } },
      ({ path }, forward) => forward({ path: path.includes('lastModified') ? path.replace(/filter=[^&]*/, '') : path }),
    ],
    [
      'duplicates answered with 500',
      'user: conflict: 500',
      {},
      async (_, forward) => {
        const answer = await forward();
        return answer.status === 409 ? { ...answer, status: 500 } : answer;
      },
    ],
    [
      'duplicates answered with a status of its own',
      'user: conflict: 422',
      { conflict: { statuses: [422] } },
      async (_, forward) => {
        const answer = await forward();
        return answer.status === 409 ? { ...answer, status: 422, body: '' } : answer;
      },
    ],
  ];
  it.each(lies)('%s: "%s"', async (_, finding, profile, lie) => {
    const { simulator, probe } = await given({}, lie);
    const report = await probe({ mayWrite: true });
    expect(differing(report)).toContainEqual(expect.stringContaining(finding));
    expect(report.suggestedProfile).toEqual(profile);
    await mustBeClean(simulator);
  });

  it('what an earlier probe could not remove is reported, and removed by the next', async () => {
    const { simulator, probe } = await given({});
    simulator.faults.arm({ effect: { kind: 'status', status: 500 }, match: { methods: ['DELETE'] } });
    const first = await probe({ mayWrite: true });
    expect(first.leftBehind).toHaveLength(2);
    simulator.faults.clear();
    const second = await probe({ mayWrite: true });
    expect(second).toMatchObject({ removedLeftovers: 2, leftBehind: [] });
    await mustBeClean(simulator);
  });

  it('a stop in the middle removes what was made all the same', async () => {
    const { simulator, probe } = await given({});
    const stop = new AbortController();
    simulator.faults.arm({ effect: { kind: 'hang' }, match: { methods: ['PATCH'] } });
    setTimeout(() => stop.abort(), 500);
    expect((await errorOf(probe({ mayWrite: true, signal: stop.signal }))).kind).toBe('cancelled');
    simulator.faults.clear();
    await mustBeClean(simulator);
  });

  it('names that only look like those of a probe are never removed', async () => {
    const users = [
      person(1, { userName: 'muster-probe-' }),
      person(2, { userName: 'muster-probe-abcd1234x' }),
      person(3),
    ];
    const { simulator, probe } = await given({ users });
    await probe({ mayWrite: true });
    await mustBeClean(simulator);
  });

  it('a server that is away is an error, not a report', async () => {
    const { simulator, probe } = await given({});
    await simulator.stop();
    expect((await errorOf(probe({ mayWrite: true }))).scope).toBe('system');
  });
});
