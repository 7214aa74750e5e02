import type { JsonObject } from '../../core/json.js';
import { Gatekeeper, type ScimAuth } from './auth.js';
import { DIALECTS, dialectOf, type ScimDialect, type ScimDialectName } from './dialects.js';
import { Faults, type Strike } from './faults.js';
import { ConcurrencyGauge } from './gauge.js';
import { HiddenEntities } from './hidden-entities.js';
import { Journal, type JournalOptions } from './journal.js';
import { LatencyModel, type LatencyOptions } from './latency.js';
import { Listener } from './listener.js';
import { isPageFault } from './page-faults.js';
import { armPagingDrift, PageHooks, type DriftTrace } from './page-hooks.js';
import { RequestHandler } from './request-handler.js';
import { ResourceHandlers } from './resource-handlers.js';
import type { ScimResourceType } from './scim-model.js';
import { ScimStore } from './store.js';

/** Options of a simulated SCIM server; all of them can be written as JSON. */
export interface ScimSimulatorOptions {
  /** Port on 127.0.0.1; 0 or absent for any free one. */
  readonly port?: number;
  /** Path in front of /Users; default `/scim/v2`. */
  readonly basePath?: string;
  /** A name of {@link DIALECTS}; default `standard`. */
  readonly dialect?: ScimDialectName;
  /** Switches that differ from the named dialect. */
  readonly dialectChanges?: Partial<ScimDialect>;
  /** Default: none needed. */
  readonly auth?: ScimAuth;
  /** Default: no waiting. */
  readonly latency?: LatencyOptions;
  readonly journal?: JournalOptions;
  /** Seed of jitter and of faults by probability; default 1. */
  readonly seed?: number;
  /** Beginning of the ids that the server gives; default `id-`. */
  readonly idPrefix?: string;
  /** The server's clock is ahead by so many milliseconds (negative: behind). */
  readonly clockSkewMs?: number;
  /** Entities present from the start. */
  readonly users?: readonly JsonObject[];
  readonly groups?: readonly JsonObject[];
}

/** Numbers of a running simulator. */
export interface SimulatorStatistics {
  readonly requests: number;
  readonly inFlight: number;
  readonly maxInFlight: number;
  readonly users: number;
  readonly groups: number;
  readonly byMethod: Record<string, number>;
  readonly appliedByOperation: Record<string, number>;
  readonly faultHits: Record<string, number>;
  readonly tokensIssued: number;
}

/** A running simulated SCIM server. */
export interface ScimSimulator {
  /** Address with base path, such as `http://127.0.0.1:40123/scim/v2`. */
  readonly url: string;
  /** Address of the token endpoint (for `auth` kind `oauth`). */
  readonly tokenUrl: string;
  readonly port: number;
  readonly dialect: ScimDialect;
  readonly store: ScimStore;
  readonly journal: Journal;
  readonly faults: Faults;
  /** Entities that it has and does not tell of. */
  readonly hidden: HiddenEntities;
  readonly latency: LatencyModel;
  statistics(): SimulatorStatistics;
  /** Calls `run` once, after the n-th page of a read of the type was cut and before the next is. */
  afterPage(page: number, run: () => void, type?: ScimResourceType): void;
  /** Arms the trace that defeats naive paging; the result tells what happened once it has. */
  armPagingDrift(options: { page?: number; pageSizeEntities: number; joiner: JsonObject }): {
    trace: DriftTrace | undefined;
  };
  expireTokens(): void;
  setClockSkewMs(skewMs: number): void;
  /** Refuses connections and cuts the open ones. */
  down(): Promise<void>;
  /** Listens again on the same port. */
  up(): Promise<void>;
  /** Forgets journal, faults, hooks, what is hidden, and the highest concurrency; the entities too unless `keepStore`. */
  reset(options?: { keepStore?: boolean }): void;
  /** Stops for good. Idempotent. */
  stop(): Promise<void>;
}

/** Starts a simulated SCIM server in this process. Rejects when the port is taken. */
export async function startScimSimulator(options: ScimSimulatorOptions = {}): Promise<ScimSimulator> {
  const named = options.dialect === undefined ? DIALECTS.standard : dialectOf(options.dialect);
  const dialect: ScimDialect = { ...named, ...options.dialectChanges };
  const basePath = options.basePath ?? '/scim/v2';
  const seed = options.seed ?? 1;
  let skewMs = options.clockSkewMs ?? 0;
  const nowMs = (): number => Date.now() + skewMs;

  const journal = new Journal(options.journal);
  const faults = new Faults(seed, nowMs);
  const latency = new LatencyModel(options.latency ?? {}, seed);
  const gauge = new ConcurrencyGauge();
  const gatekeeper = new Gatekeeper(options.auth ?? { kind: 'none' }, nowMs);
  const hooks = new PageHooks();
  const hidden = new HiddenEntities();

  // The port is part of every `meta.location`, so listening comes first. No request can come in between: what
  // follows the await runs before the first connection is taken.
  const listener = new Listener((request, response) => {
    handler.onRequest(request, response);
  }, options.port ?? 0);
  await listener.up();
  const origin = `http://127.0.0.1:${listener.port}`;
  const url = `${origin}${basePath}`;

  const store = new ScimStore({ dialect, baseUrl: url, idPrefix: options.idPrefix ?? 'id-', nowMs });
  let strike: Strike | undefined;
  const handlers = new ResourceHandlers(store, dialect, journal, url, hidden, (type, query, page) => {
    const effect = strike?.effect;
    hooks.observe(type, query, page, effect !== undefined && isPageFault(effect) ? effect : undefined);
  });
  const handler = new RequestHandler({
    basePath,
    dialect,
    store,
    handlers,
    journal,
    faults,
    latency,
    gauge,
    gatekeeper,
    nowMs,
    dateHeader: () => (skewMs === 0 ? undefined : new Date(nowMs()).toUTCString()),
    onStrike: (current) => (strike = current),
  });
  store.addMany('User', options.users ?? []);
  store.addMany('Group', options.groups ?? []);

  return {
    url,
    tokenUrl: `${origin}/oauth/token`,
    port: listener.port,
    dialect,
    store,
    journal,
    faults,
    hidden,
    latency,
    statistics: () => ({
      requests: gauge.total,
      inFlight: gauge.inFlight,
      maxInFlight: gauge.maxInFlight,
      users: store.size('User'),
      groups: store.size('Group'),
      byMethod: journal.countsByMethod(),
      appliedByOperation: journal.appliedByOperation(),
      faultHits: faults.allHits(),
      tokensIssued: gatekeeper.issued,
    }),
    afterPage: (page, run, type = 'User') => hooks.afterPage(type, page, run),
    armPagingDrift: ({ page = 1, pageSizeEntities, joiner }) => {
      const result: { trace: DriftTrace | undefined } = { trace: undefined };
      armPagingDrift(hooks, store, { page, pageSizeEntities, joiner }, (trace) => (result.trace = trace));
      return result;
    },
    expireTokens: () => gatekeeper.expireTokens(),
    setClockSkewMs: (value) => (skewMs = value),
    down: () => listener.down(),
    up: () => listener.up(),
    reset: (resetOptions = {}) => {
      journal.clear();
      faults.clear();
      hidden.clear();
      hooks.clear();
      gauge.reset();
      if (resetOptions.keepStore !== true) store.clear();
    },
    stop: () => listener.down(),
  };
}
