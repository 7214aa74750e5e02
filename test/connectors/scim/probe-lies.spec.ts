import { describe, expect, it } from '@jest/globals';
import type { Interference } from '../../../connectors/conformance/http-front.js';
import { overrideProblems } from '../../../connectors/scim/profile-overrides.js';
import { isJsonObject, type JsonObject } from '../../../core/json.js';
import type { ScimSimulatorOptions } from '../../../simulators/scim/simulator.js';
import { differing, isClean, OKAY, startProbed, withBody, without } from '../support/probe.js';

type Lie = readonly [lie: string, finding: string, profile: JsonObject, Interference];

/** What a PATCH request asks for. */
function operationsOf(body: string): JsonObject[] {
  const operations = (JSON.parse(body) as JsonObject)['Operations'];
  return Array.isArray(operations) ? operations.filter(isJsonObject) : [];
}

/** Resources of a list with something changed; anything else is changed itself. */
function eachResource(change: (resource: JsonObject) => JsonObject): (body: JsonObject) => JsonObject {
  return (body) => {
    const resources = body['Resources'];
    return Array.isArray(resources)
      ? { ...body, Resources: resources.map((one) => change(one as JsonObject)) }
      : change(body);
  };
}

/** Says something else of itself than the server does. */
function announcing(what: JsonObject): Interference {
  return async ({ path }, forward) => {
    const answer = await forward();
    return path.endsWith('/ServiceProviderConfig') ? withBody(answer, (body) => ({ ...body, ...what })) : answer;
  };
}

describe('Probe of servers that lie', () => {
  /** What servers were seen to do while they answered as if all were well. */
  const lies: readonly Lie[] = [
    [
      'attributes echoed with 201 but not stored',
      'user: attributes: not stored: nickName; though the answer to the create showed nickName',
      {},
      async ({ method, path, body }, forward) => {
        if (method !== 'POST' || !path.endsWith('/Users')) return forward();
        const sent = JSON.parse(body) as JsonObject;
        const answer = await forward({ body: JSON.stringify(without('nickName')(sent)) });
        return answer.status === 201
          ? withBody(answer, (made) => ({ ...made, nickName: sent['nickName'] ?? null }))
          : answer;
      },
    ],
    [
      'PATCH that answers 200 and changes nothing',
      'PATCH: replace by path: answers 200 and changes nothing',
      {},
      ({ method, path }, forward) => (method === 'PATCH' && path.includes('/Users/') ? OKAY : forward()),
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
        return answer.status === 200 ? withBody(answer, list) : answer;
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
        path.includes('lastModified') ? { ...OKAY, body: '{"totalResults":0,"Resources":[]}' } : forward(),
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

  /** A form of PATCH that is answered as if it were done, while all others are. */
  const ignored = (form: (operation: JsonObject) => boolean): Interference => {
    return ({ method, path, body }, forward) =>
      method === 'PATCH' && path.includes('/Users/') && operationsOf(body).some(form) ? OKAY : forward();
  };
  const silentForms: readonly (readonly [name: string, form: (operation: JsonObject) => boolean])[] = [
    ['replace by path', ({ op, path, value }) => op === 'replace' && path === 'title' && value === 'By path'],
    ['replace by path of a part', ({ path }) => path === 'name.familyName'],
    ['replace without path', ({ path }) => path === undefined],
    ['value path', ({ path }) => String(path).includes('[')],
    ['remove', ({ op }) => op === 'remove'],
  ];
  it.each(silentForms)('one form of PATCH alone, %s, answers 200 and changes nothing', async (name, form) => {
    const { report } = await probed({}, ignored(form));
    expect(differing(report)).toEqual([`PATCH: ${name}: answers 200 and changes nothing`]);
  });

  /** What is done to groups. */
  const groupLies: readonly Lie[] = [
    [
      'members that a PATCH adds and removes with 204, and that stay as they were',
      'group: last member: answers 204 and changes nothing',
      { delta: { types: ['user'] } },
      ({ method, path }, forward) =>
        method === 'PATCH' && path.includes('/Groups/') ? { ...OKAY, status: 204, body: '' } : forward(),
    ],
    [
      'a group whose time of change does not move with its members',
      'group: time of change: meta.lastModified does not move with members',
      { delta: { types: ['user'] } },
      async ({ path }, forward) => {
        const answer = await forward();
        return path.includes('/Groups')
          ? {
              ...answer,
              body: answer.body.replace(/"lastModified":"[^"]*"/g, '"lastModified":"2026-01-01T00:00:00.1Z"'),
            }
          : answer;
      },
    ],
    [
      'additions and removals in one request of which only the removals are done',
      'group: add and remove together: answers 200, but the member is gone',
      { members: { mixed: false } },
      ({ method, path, body }, forward) => {
        if (method !== 'PATCH' || !path.includes('/Groups/')) return forward();
        const operations = operationsOf(body);
        const done = operations.length === 1 ? operations : operations.filter(({ op }) => op === 'remove');
        return forward({ body: JSON.stringify({ ...(JSON.parse(body) as JsonObject), Operations: done }) });
      },
    ],
    [
      'members that are in single groups and in no list',
      'group: members shown: alone, but not in lists',
      { members: { shown: 'on-request' } },
      async ({ method, path }, forward) => {
        const answer = await forward();
        const isList = method === 'GET' && /\/Groups\?/.test(path) && !path.includes('attributes=');
        return isList ? withBody(answer, eachResource(without('members'))) : answer;
      },
    ],
    [
      'the last member cannot be removed',
      'group: last member: cannot be removed: 400',
      {},
      ({ method, path, body }, forward) => {
        const operations = method === 'PATCH' && path.includes('/Groups/') ? operationsOf(body) : [];
        return operations.length === 1 && operations[0]?.['op'] === 'remove' ? { ...OKAY, status: 400 } : forward();
      },
    ],
  ];

  /** What is said in ServiceProviderConfig and is not so. */
  const claims: readonly Lie[] = [
    [
      'sorting is announced and ignored',
      'sort: sortBy is ignored',
      { sort: false },
      async ({ path }, forward) => forward({ path: path.replace(/&?sort(By|Order)=[^&]*/g, '') }),
    ],
    [
      'version tags are announced and not looked at',
      'version tags: a stale tag is accepted',
      { etag: 'never' },
      announcing({ etag: { supported: true } }),
    ],
    [
      'cursors are announced and not given',
      'cursor paging: no cursor is given',
      { paging: { method: 'index' } },
      announcing({ pagination: { cursor: true, index: true } }),
    ],
    [
      'pages of 1,000 are announced, and no more than 2 come',
      'page size: capped at 2, though itemsPerPage says 1000',
      { paging: { maxPageEntities: 2 } },
      async ({ method, path }, forward) => {
        const count = Number(/[?&]count=(\d+)/.exec(path)?.[1] ?? 100);
        if (method !== 'GET' || count <= 2) return forward();
        const answer = await forward({ path: path.replace(/count=\d+/, 'count=2') });
        return withBody(answer, (body) => ({ ...body, itemsPerPage: count }));
      },
    ],
    [
      'identifiers are spelled otherwise in lists and single reads than in the answer to the create',
      'user: identifier: the same in another case',
      { ids: 'any-case' },
      async ({ method }, forward) => {
        const answer = await forward();
        const upper = ({ id, ...rest }: JsonObject): JsonObject => ({
          ...rest,
          ...(typeof id === 'string' ? { id: id.toUpperCase() } : {}),
        });
        return method === 'GET' && answer.body !== '' ? withBody(answer, eachResource(upper)) : answer;
      },
    ],
    [
      'everybody is found, whoever is asked for',
      'filter: eq: others are found',
      { filter: 'none', delta: { types: [] } },
      ({ path }, forward) => forward({ path: path.replace(/filter=[^&]*/, '') }),
    ],
    [
      'the same name twice is taken for somebody new',
      'user: conflict: a second user of the same name was made',
      {},
      twice(),
    ],
    [
      'what a PUT lacks stays, even when it is sent as null',
      'PUT: what is absent: stays, even when null is sent',
      {},
      async ({ method, path, body }, forward) => {
        if (method !== 'PUT' || !path.includes('/Users/')) return forward();
        const sent = JSON.parse(body) as JsonObject;
        return forward({ body: JSON.stringify({ ...sent, title: sent['title'] ?? 'Here' }) });
      },
    ],
  ];

  it.each([...lies, ...groupLies, ...claims])('%s: "%s"', async (_, finding, profile, lie) => {
    const { report, simulator } = await probed({}, lie);
    expect(differing(report)).toContainEqual(expect.stringContaining(finding));
    expect(report.suggestedProfile).toEqual(profile);
    expect(overrideProblems(report.suggestedProfile)).toEqual([]);
    expect(isClean(simulator)).toBe(true);
  });

  it('what the server says of itself stands beside what it does', async () => {
    const { report } = await probed({}, announcing({ sort: { supported: false }, filter: { supported: false } }));
    const claimed = Object.fromEntries(report.findings.map(({ name, claimed: said }) => [name, said]));
    expect(claimed).toMatchObject({ sort: 'not offered', 'filter: eq': 'not offered', 'PATCH: remove': 'offered' });
  });
});

/** A second POST of the same name makes somebody of another name, and says that it is this one. */
function twice(): Interference {
  let posts = 0;
  return async ({ method, path, body }, forward) => {
    if (method !== 'POST' || !path.endsWith('/Users') || ++posts < 2) return forward();
    const sent = JSON.parse(body) as JsonObject;
    const name = String(sent['userName']);
    const answer = await forward({ body: JSON.stringify({ ...sent, userName: `${name}x` }) });
    return withBody(answer, (made) => ({ ...made, userName: name }));
  };
}

async function probed(server: ScimSimulatorOptions, lie: Interference) {
  const { simulator, probe, stop } = await startProbed(server, lie);
  try {
    return { simulator, report: await probe({ mayWrite: true }) };
  } finally {
    await stop();
  }
}
