import type { EntityType } from '../../../core/entity-type.js';
import type { Connector } from '../../contract.js';
import { isConnectorError } from '../../errors.js';
import { NEEDS, type Check } from '../check.js';
import type { HttpFront } from '../http-front.js';
import { idsOf, must, PAGE_SIZE, type Trial } from '../trial.js';

const READ = { type: 'user', mode: 'full', cursor: null } as const;
/** Limit of a request in the check of limits, and what it may take all in all. */
const LIMIT_MS = 700;
const LIMIT_WITH_SLACK_MS = 5_000;
/** CONN-CORE-23. */
const CANCEL_MS = 5_000;
const TYPES: readonly EntityType[] = ['user', 'group', 'role'];

/** Faults of the network that any protocol knows. */
const NETWORK: readonly Check[] = [
  {
    id: 'lost-answer',
    rules: ['CONN-TCK-10', 'CONN-CORE-53'],
    title: 'the answer to a create is lost: the outcome is unknown, and the look-up finds the one entity there is',
    needs: [NEEDS.writing, NEEDS.plainAddress],
    async run(trial) {
      const { relay, connector } = await relayed(trial);
      // The next answer has to be the one to the create: what comes before the first write of a connection is over then.
      trial.track('user', (await connector.create('user', trial.body(2), {})).id);
      const body = trial.body(1);
      relay.mode = { kind: 'cut', afterBytes: 0 };
      const error = await trial.errorOf(connector.create('user', body, {}), 'a create whose answer is lost');
      must(error.outcome === 'unknown', `the outcome is "${error.outcome}" although the entity may exist`);
      const keys = trial.connector.uniqueKeys('user');
      const found = await trial.connector.resolveExisting('user', body, keys, {});
      if (found.outcome === 'one') trial.track('user', found.entity.id);
      must(found.outcome === 'one', `the created entity is looked for: ${found.outcome}`);
    },
  },
  {
    id: 'silence',
    rules: ['CONN-TCK-21'],
    title: 'a server that accepts and never answers is a timeout at the configured limit',
    needs: [NEEDS.plainAddress],
    async run(trial) {
      const { relay, connector } = await relayed(trial, LIMIT_MS);
      relay.mode = { kind: 'silence' };
      const started = performance.now();
      const { kind } = await trial.errorOf(connector.readPage(READ), 'a read without answer');
      const tookMs = performance.now() - started;
      must(kind === 'timeout', `no answer is ${kind}, not timeout`);
      must(tookMs < LIMIT_WITH_SLACK_MS, `the limit was ${LIMIT_MS} ms, it took ${Math.round(tookMs)} ms`);
    },
  },
  {
    id: 'cancel',
    rules: ['CONN-TCK-20', 'CONN-CORE-23'],
    title: 'a stop during a page ends it within 5 s with "cancelled"; after a stop nothing is sent',
    needs: [NEEDS.plainAddress],
    async run(trial) {
      const { relay, connector } = await relayed(trial);
      relay.mode = { kind: 'silence' };
      const stop = new AbortController();
      const started = performance.now();
      setTimeout(() => stop.abort(), 100);
      const { kind } = await trial.errorOf(connector.readPage({ ...READ, signal: stop.signal }), 'a stopped read');
      must(kind === 'cancelled', `a stop is ${kind}, not cancelled`);
      must(performance.now() - started < CANCEL_MS, 'the stop took longer than 5 s');
      const sent = relay.bytesSent;
      await trial.errorOf(connector.readPage({ ...READ, signal: stop.signal }), 'a read after the stop');
      must(relay.bytesSent === sent, 'something was sent after the stop');
    },
  },
  {
    id: 'cut-answer',
    rules: ['CONN-TCK-22', 'CONN-CORE-21'],
    title: 'an answer that breaks off fails the page; it never counts as the end of the list',
    needs: [NEEDS.writing, NEEDS.plainAddress],
    async run(trial) {
      await trial.makeMany(3);
      const { relay, connector } = await relayed(trial);
      await connector.readPage(READ);
      for (const afterBytes of [1, 40, 200]) {
        relay.mode = { kind: 'cut', afterBytes };
        const { kind } = await trial.errorOf(connector.readPage(READ), 'an answer that breaks off');
        const known = kind === 'protocol' || kind === 'transient' || kind === 'timeout';
        must(known, `an answer that breaks off is ${kind}`);
      }
      relay.mode = { kind: 'pass' };
      await connector.readPage(READ);
    },
  },
  {
    id: 'excluded-operations',
    rules: ['CONN-CORE-11'],
    title: 'a type that the capabilities exclude is refused as unsupported without any traffic',
    needs: [NEEDS.plainAddress],
    async run(trial) {
      const { relay, connector } = await relayed(trial);
      for (const type of TYPES.filter((known) => !trial.capabilities.types.includes(known))) {
        const { kind } = await trial.errorOf(connector.readPage({ ...READ, type }), `reading ${type}s`);
        must(kind === 'unsupported', `reading ${type}s is ${kind}, not unsupported`);
      }
      must(relay.connections === 0, 'the system was asked');
    },
  },
  {
    id: 'wrong-credentials',
    rules: ['CONN-TCK-19'],
    title: 'wrong credentials are "auth" for the whole system, after two requests at most',
    needs: [NEEDS.plainAddress, NEEDS.secrets],
    async run(trial) {
      const { relay, properties } = await trial.relay();
      const secrets = Object.fromEntries(Object.keys(trial.system.secrets).map((name) => [name, wrong(trial, name)]));
      const connector = trial.open({ properties, secrets });
      const error = await trial.errorOf(connector.readPage(READ), 'reading with wrong credentials');
      must(error.kind === 'auth', `wrong credentials are ${error.kind}, not auth`);
      must(error.scope === 'system', 'the scope must be the whole system');
      must(relay.connections <= 2, `${relay.connections} connections were made`);
    },
  },
];

/** Answers that only HTTP has. */
const HTTP: readonly Check[] = [
  {
    id: 'throttled',
    rules: ['CONN-TCK-17', 'CONN-CORE-72'],
    title: '429 and 503 are told with the time to wait, given in seconds or as a date',
    needs: [NEEDS.http],
    async run(trial) {
      const { front, connector } = await fronted(trial);
      const ahead = new Date(Date.now() + 120_000).toUTCString();
      const cases = [
        { status: 429, header: '7', kind: 'throttled', atLeastMs: 7_000, atMostMs: 7_000 },
        { status: 429, header: ahead, kind: 'throttled', atLeastMs: 60_000, atMostMs: 121_000 },
        { status: 429, header: '999999999', kind: 'throttled', atLeastMs: 600_000, atMostMs: 600_000 },
        { status: 429, header: undefined, kind: 'throttled', atLeastMs: 0, atMostMs: 0 },
        { status: 503, header: '3', kind: 'throttled', atLeastMs: 3_000, atMostMs: 3_000 },
        { status: 503, header: undefined, kind: 'badGateway', atLeastMs: 0, atMostMs: 0 },
      ];
      for (const { status, header, kind, atLeastMs, atMostMs } of cases) {
        front.interfere = () => ({ status, headers: header === undefined ? {} : { 'retry-after': header }, body: '' });
        const error = await trial.errorOf(connector.readPage(READ), `an answer ${status}`);
        must(error.kind === kind, `${status} is ${error.kind}, not ${kind}`);
        const waitMs = error.retryAfterMs ?? 0;
        must(waitMs >= atLeastMs && waitMs <= atMostMs, `Retry-After ${header} is understood as ${waitMs} ms`);
      }
    },
  },
  {
    id: 'credentials-refused-once',
    rules: ['CONN-TCK-18', 'CONN-SCIM-06'],
    title:
      'a 401 in mid-read renews the credential once and repeats the page, or ends the read as "auth"; no storm follows',
    needs: [NEEDS.writing, NEEDS.http, NEEDS.pages],
    async run(trial) {
      await trial.makeMany(PAGE_SIZE + 2);
      const { front, properties } = await trial.front();
      const connector = trial.open({ properties: { ...trial.listing('user'), ...properties } });
      const first = await connector.readPage(READ);
      // A server that does not page is asked for its one page again.
      const cursor = first.next;
      for (const refusals of [1, Number.POSITIVE_INFINITY]) {
        let asked = 0;
        front.interfere = (_, forward) => {
          asked += 1;
          return asked <= refusals ? { status: 401, headers: {}, body: '' } : forward();
        };
        const error: unknown = await connector.readPage({ ...READ, cursor }).catch((thrown: unknown) => thrown);
        const isAuth = isConnectorError(error) && error.kind === 'auth';
        must(isAuth || (refusals === 1 && !(error instanceof Error)), 'a 401 is something else than auth');
        must(asked <= 2, `${asked} requests were made`);
      }
    },
  },
  {
    id: 'unreadable-entity',
    rules: ['CONN-TCK-05', 'CONN-CORE-21', 'CONN-CORE-22'],
    title: 'one entity without identifier is reported, the others are delivered',
    needs: [NEEDS.writing, NEEDS.http],
    async run(trial) {
      const [hidden = '', ...others] = await trial.makeMany(4);
      const { front, properties } = await trial.front();
      const connector = trial.open({ properties: { ...trial.listing('user'), ...properties } });
      front.interfere = async (_, forward) => {
        const answer = await forward();
        return { ...answer, body: answer.body.replaceAll(JSON.stringify(hidden), 'null') };
      };
      const pages = await trial.readAll(connector, { type: 'user' });
      const read = idsOf(pages);
      must(pages.flatMap(({ failures }) => failures).length > 0, 'the entity without identifier is passed over');
      must(
        others.every((id) => read.includes(id)),
        'other entities are not delivered',
      );
    },
  },
  {
    id: 'half-a-document',
    rules: ['CONN-TCK-22'],
    title: 'half a document, and a login page with 200, are "protocol"; they never count as an empty list',
    needs: [NEEDS.writing, NEEDS.http],
    async run(trial) {
      await trial.makeMany(3);
      const { front, connector } = await fronted(trial);
      const html = { 'content-type': 'text/html' };
      const answers = [
        async (forward: Forward) => {
          const answer = await forward();
          return { ...answer, body: answer.body.slice(0, answer.body.length / 2) };
        },
        () => ({ status: 200, headers: html, body: '<html><body>Please log in</body></html>' }),
        () => ({ status: 200, headers: { 'content-type': 'application/json' }, body: '{}' }),
      ];
      for (const answer of answers) {
        front.interfere = (_, forward) => answer(forward);
        const { kind } = await trial.errorOf(connector.readPage(READ), 'an answer that is no list');
        must(kind === 'protocol', `an answer that is no list is ${kind}, not protocol`);
      }
    },
  },
];

type Forward = Parameters<NonNullable<HttpFront['interfere']>>[1];

export const FAULTS: readonly Check[] = [...NETWORK, ...HTTP];

async function relayed(trial: Trial, requestTimeoutMs?: number) {
  const { relay, properties } = await trial.relay();
  const limits = requestTimeoutMs === undefined ? {} : { requestTimeoutMs };
  return { relay, connector: trial.open({ properties, ...limits }) };
}

async function fronted(trial: Trial): Promise<{ front: HttpFront; connector: Connector }> {
  const { front, properties } = await trial.front();
  return { front, connector: trial.open({ properties }) };
}

/** A credential that is wrong, of the same form. */
function wrong(trial: Trial, name: string): string {
  const [scheme, token] = (trial.system.secrets[name] ?? '').split(' ');
  return token === undefined ? 'wrong' : `${scheme} wrong`;
}
