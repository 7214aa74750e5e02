import type { JsonValue } from '../../../core/json.js';
import type { NativeEntity } from '../../contract.js';
import type { ServerFeatures } from '../discovery.js';
import { GENERIC_SCIM_2 } from '../profile.js';
import { attribute, listEnvelope, metaText, type ListEnvelope } from '../scim-envelope.js';
import { scimError } from '../scim-error.js';
import { equalsFilter, modifiedAfterFilter } from '../scim-filter.js';
import type { ScimHttp } from '../scim-http.js';
import { resourcesOf } from '../scim-resource.js';
import type { Findings } from './findings.js';

/** More than any page that a server gives. */
const HUGE_COUNT = 1_000;
const FAR_AHEAD = new Date('2999-01-01T00:00:00Z');
const LONG_AGO = new Date(0);

/** What reading probes need. */
export interface ProbeContext {
  readonly http: ScimHttp;
  readonly features: ServerFeatures;
  readonly findings: Findings;
  readonly signal: AbortSignal | undefined;
}

type Query = Readonly<Record<string, string | number>>;

/** One request for users: what was found, or the refusal as text. */
async function list(context: ProbeContext, query: Query): Promise<(ListEnvelope & { users: NativeEntity[] }) | string> {
  const { http, signal } = context;
  const response = await http.get({
    label: 'list users',
    kind: 'lookup',
    path: http.collectionPath('user'),
    query,
    signal,
  });
  if (response.status !== 200) return `${response.status} ${scimError(response).vendorCode ?? ''}`.trim();
  const envelope = listEnvelope(response);
  return { ...envelope, users: resourcesOf('user', envelope.resources, GENERIC_SCIM_2).items };
}

/** Everything that can be found out without writing. */
export async function probeReading(context: ProbeContext): Promise<void> {
  const { findings } = context;
  const first = await list(context, { startIndex: 1, count: 2 });
  if (typeof first === 'string') {
    findings.differs('list', `users cannot be listed: ${first}`, 'Check URL, scim.base.path and permissions.');
    return;
  }
  await findings.attempt('paging', () => probePaging(context, first));
  await findings.attempt('page size', () => probePageSize(context));
  await findings.attempt('cursor paging', () => probeCursors(context));
  await findings.attempt('sort', () => probeSort(context));
  const [sample] = first.users;
  if (sample === undefined) {
    findings.unknown('filter', 'there is no user to filter for');
    return;
  }
  await findings.attempt('filter', () => probeFilters(context, sample));
  await findings.attempt('filter by time', () => probeTimeFilter(context, sample));
}

async function probePaging(context: ProbeContext, first: ListEnvelope & { users: NativeEntity[] }): Promise<void> {
  const { findings } = context;
  if (first.resources.length > 2) {
    const found = `${first.resources.length} users came although 2 were asked for: it does not page`;
    findings.differs('paging', found, 'Accepted: everybody comes with the first page, up to 5 MB of them.');
    return;
  }
  if (first.resources.length < 2) return findings.unknown('paging', 'there are fewer than two users');
  const second = await list(context, { startIndex: 2, count: 1 });
  if (typeof second === 'string') return findings.unknown('paging', `the second page is ${second}`);
  const moved = second.users[0]?.id === first.users[1]?.id;
  if (moved) findings.works('paging', 'startIndex and count are kept');
  else
    findings.differs(
      'paging',
      'startIndex is ignored',
      'A read of more than one page ends with an error: nobody is deleted.',
    );
  const totals = [first.totalResults, second.totalResults];
  if (totals.includes(undefined)) {
    findings.differs(
      'total',
      'totalResults is missing',
      'The list ends with the first short page; deletions are confirmed one by one.',
    );
  } else if (totals[0] === totals[1] && totals[0] !== undefined && totals[0] >= 2) {
    findings.works('total', `totalResults is ${totals[0]} on each page`);
  } else {
    findings.differs(
      'total',
      `totalResults changes with the page: ${totals.join(', ')}`,
      'The profile takes it for an estimate.',
    );
    findings.suggest('estimate', 'paging', 'total');
  }
}

async function probePageSize(context: ProbeContext): Promise<void> {
  const { findings, features } = context;
  const huge = await list(context, { startIndex: 1, count: HUGE_COUNT });
  const claimed = features.maxPageSizeEntities === undefined ? undefined : `${features.maxPageSizeEntities} at most`;
  if (typeof huge === 'string') {
    findings.differs(
      'page size',
      `count ${HUGE_COUNT} is refused: ${huge}`,
      'Set scim.page.size to what it takes.',
      claimed,
    );
    return;
  }
  const { resources, totalResults = resources.length, itemsPerPage } = huge;
  if (resources.length >= totalResults)
    return findings.works('page size', `all ${resources.length} users in one page`, claimed);
  const echo =
    itemsPerPage !== undefined && itemsPerPage > resources.length ? `, though itemsPerPage says ${itemsPerPage}` : '';
  const found = `capped at ${resources.length}${echo}`;
  if ((features.maxPageSizeEntities ?? 0) > resources.length)
    findings.differs('page size', found, 'The profile asks for no more than that.', claimed);
  else findings.works('page size', found, claimed);
  findings.suggest(resources.length, 'paging', 'maxPageEntities');
}

async function probeCursors(context: ProbeContext): Promise<void> {
  const { findings, features } = context;
  const page = await list(context, { cursor: '', count: 1 });
  const given = typeof page !== 'string' && page.nextCursor !== undefined;
  const claimed = features.cursorPaging === undefined ? undefined : features.cursorPaging ? 'offered' : 'not offered';
  if (given) return findings.works('cursor paging', 'a cursor is given', claimed);
  if (features.cursorPaging !== true) return findings.works('cursor paging', 'no cursors', claimed);
  findings.differs(
    'cursor paging',
    'no cursor is given, although there may be one page only',
    'The profile reads by index.',
    claimed,
  );
  findings.suggest('index', 'paging', 'method');
}

async function probeSort(context: ProbeContext): Promise<void> {
  const { findings, features } = context;
  const claimed = features.sort === undefined ? undefined : features.sort ? 'offered' : 'not offered';
  const order = async (sortOrder: string): Promise<string[]> => {
    const page = await list(context, { startIndex: 1, count: 100, sortBy: 'userName', sortOrder });
    return typeof page === 'string' ? [] : page.users.map(({ body }) => textOf(attribute(body, 'userName')));
  };
  const up = await order('ascending');
  const down = await order('descending');
  if (up.length < 2) return findings.unknown('sort', 'there are fewer than two users');
  if (up[0] !== down[0]) return findings.works('sort', 'sortBy is kept', claimed);
  findings.differs('sort', 'sortBy is ignored', 'Leave scim.sort.by empty.', claimed);
  findings.suggest(false, 'sort');
}

async function probeFilters(context: ProbeContext, sample: NativeEntity): Promise<void> {
  const { findings, features } = context;
  const claimed = features.filter === undefined ? undefined : features.filter ? 'offered' : 'not offered';
  const userName = textOf(attribute(sample.body, 'userName'));
  const wanted = userName.toLowerCase();
  const equals = equalsFilter('userName', userName);
  const finds = async (filter: string): Promise<string> => {
    const page = await list(context, { filter, startIndex: 1, count: 10 });
    if (typeof page === 'string') return page;
    if (page.resources.length === 0) return '200 with nothing';
    // A server that takes no notice of the filter finds the one who was asked for, too.
    const isAsked = page.users.every(({ body }) =>
      textOf(attribute(body, 'userName')).toLowerCase().startsWith(wanted),
    );
    return isAsked && page.users.some(({ id }) => id === sample.id) ? 'found' : 'others are found';
  };
  const cases: readonly (readonly [string, string])[] = [
    ['eq', equals],
    ['eq in another case', equalsFilter('userName', swapped(userName))],
    ['eq and eq', `${equals} and ${equalsFilter('id', sample.id)}`],
    ['sw', `userName sw ${JSON.stringify(userName)}`],
    ['not', `not (userName eq "nobody-of-this-name") and ${equals}`],
  ];
  const results = new Map<string, string>();
  for (const [name, filter] of cases) {
    const found = await finds(filter);
    results.set(name, found);
    if (found === 'found') findings.works(`filter: ${name}`, found, claimed);
    else findings.differs(`filter: ${name}`, found, FILTER_ADVICE[name] ?? 'Not used.', claimed);
  }
  if (results.get('eq') !== 'found') findings.suggest('none', 'filter');
  else if (results.get('sw') !== 'found') findings.suggest('eq-only', 'filter');
}

const FILTER_ADVICE: Readonly<Record<string, string>> = {
  eq: 'Existing entities cannot be looked up: a conflict stands as failed.',
  'eq in another case': 'A name in another case is not found: the conflict is reported as "exists but invisible".',
  'eq and eq':
    'A filter cannot be joined with an identifier: an absence under a filter counts as unknown, nobody is deleted for it.',
  sw: 'Filter properties and delta reads need more than this server has.',
  not: 'Do not use it in filter properties.',
};

async function probeTimeFilter(context: ProbeContext, sample: NativeEntity): Promise<void> {
  const { findings } = context;
  const name = 'filter by time';
  const after = async (instant: Date) =>
    list(context, { filter: modifiedAfterFilter(instant), startIndex: 1, count: 1 });
  const [past, future] = [await after(LONG_AGO), await after(FAR_AHEAD)];
  const none = (found: string, advice: string): void => {
    findings.differs(name, found, advice);
    findings.suggest([], 'delta', 'types');
  };
  const advice = 'Every read is a full read.';
  if (typeof past === 'string') return none(`refused: ${past}`, advice);
  if (typeof future === 'string') return none(`refused: ${future}`, advice);
  if (past.resources.length === 0)
    return none('200 with nothing, whatever the time', 'Silent empty deltas are refused; every read is a full read.');
  if (future.resources.length > 0) return none('ignored: users changed in the year 2999 are found', advice);
  if (metaText(sample.body, 'lastModified') === undefined) return none('users carry no meta.lastModified', advice);
  findings.works(name, 'kept');
}

function textOf(value: JsonValue | undefined): string {
  return typeof value === 'string' ? value : '';
}

function swapped(text: string): string {
  const upper = text.toUpperCase();
  return upper === text ? text.toLowerCase() : upper;
}
