import { isJsonObject, type JsonObject, type JsonValue } from '../../core/json.js';
import type { ConnectorMemory } from '../contract.js';
import { isConnectorError } from '../errors.js';
import { attribute, jsonBody } from './scim-envelope.js';
import type { ScimHttp } from './scim-http.js';

/** What the server announces (CONN-SCIM-16); undefined where it says nothing. */
export interface ServerFeatures {
  readonly patch: boolean | undefined;
  readonly filter: boolean | undefined;
  readonly etag: boolean | undefined;
  readonly bulk: BulkFeature | undefined;
  readonly sort: boolean | undefined;
  readonly changePassword: boolean | undefined;
  /** Largest page that the server gives. */
  readonly maxPageSizeEntities: number | undefined;
  /** Cursors are offered (RFC 9865). */
  readonly cursorPaging: boolean | undefined;
  /** How long a cursor is kept, seconds. */
  readonly cursorTimeoutS: number | undefined;
  /** It is a proxy of Muster, whose pages are filtered after they have been cut (CONN-SCIM-25). */
  readonly isMusterProxy: boolean;
}

/** Schema in the configuration that a proxy of Muster shows; nobody else has it. */
export const MUSTER_PROXY_SCHEMA = 'urn:muster:params:scim:schemas:extension:proxy:1.0:ServiceProviderConfig';

/** What it says of bulk requests. */
export interface BulkFeature {
  readonly supported: boolean | undefined;
  readonly maxOperations: number | undefined;
  readonly maxPayloadBytes: number | undefined;
}

/** Nothing is known: the profile and the properties decide. */
const SILENT: ServerFeatures = {
  patch: undefined,
  filter: undefined,
  etag: undefined,
  bulk: undefined,
  sort: undefined,
  changePassword: undefined,
  maxPageSizeEntities: undefined,
  cursorPaging: undefined,
  cursorTimeoutS: undefined,
  isMusterProxy: false,
};

const LIFE_MS = 86_400_000;
/** Answers below 500 that say nothing of the server. */
const PASSING = new Set([408, 425, 429]);
const MEMORY = 'serviceProviderConfig';

interface Known {
  readonly features: Promise<ServerFeatures>;
  readonly untilMs: number;
}

/** `/ServiceProviderConfig`, asked once a day at most, by all jobs of a process together. It narrows what we do and never widens it (CONN-SCIM-15, CONN-SCIM-17). */
export class Discovery {
  private own: Known | undefined;

  constructor(
    private readonly http: ScimHttp,
    private readonly clock: () => Date,
    private readonly memory: ConnectorMemory = new Map(),
  ) {}

  /** Never throws: a server without discovery is served by the profile alone. */
  features(signal: AbortSignal | undefined): Promise<ServerFeatures> {
    if (!this.http.settings.discovery) return Promise.resolve(SILENT);
    const nowMs = this.clock().getTime();
    const known = [this.own, this.shared].find((one) => one !== undefined && nowMs < one.untilMs);
    if (known !== undefined) return known.features;
    const made: Known = { features: this.fetch(signal, () => this.memory.set(MEMORY, made)), untilMs: nowMs + LIFE_MS };
    this.own = made;
    return made.features;
  }

  private get shared(): Known | undefined {
    return this.memory.get(MEMORY) as Known | undefined;
  }

  /** Asks now. Undefined when the server offers no discovery; throws for everything else. */
  async probe(signal: AbortSignal | undefined): Promise<ServerFeatures | undefined> {
    return featuresIn(await this.ask(signal));
  }

  /** Kept for all jobs of the day only if the server really said so: one that is overloaded says nothing of what it can do. */
  private async fetch(signal: AbortSignal | undefined, keep: () => void): Promise<ServerFeatures> {
    try {
      const response = await this.ask(signal);
      const features = featuresIn(response) ?? SILENT;
      if (response.status < 500 && !PASSING.has(response.status)) keep();
      return features;
    } catch (error) {
      if (!isConnectorError(error)) throw error;
      if (error.kind === 'protocol') keep();
      else this.own = undefined;
      return SILENT;
    }
  }

  private ask(signal: AbortSignal | undefined): ReturnType<ScimHttp['get']> {
    return this.http.get({
      label: 'read service provider configuration',
      kind: 'system',
      path: `${this.http.settings.rootPath}/ServiceProviderConfig`,
      signal,
    });
  }
}

function featuresIn(response: Awaited<ReturnType<ScimHttp['get']>>): ServerFeatures | undefined {
  return response.status === 200 && !response.isHtml ? featuresOf(jsonBody(response)) : undefined;
}

function featuresOf(config: JsonObject): ServerFeatures {
  const maxResults = positive(member(config, 'filter', 'maxResults'));
  const maxPageSize = positive(member(config, 'pagination', 'maxPageSize'));
  const limits = [maxResults, maxPageSize].filter((limit): limit is number => limit !== undefined);
  return {
    patch: flag(member(config, 'patch', 'supported')),
    filter: flag(member(config, 'filter', 'supported')),
    etag: flag(member(config, 'etag', 'supported')),
    bulk: {
      supported: flag(member(config, 'bulk', 'supported')),
      maxOperations: positive(member(config, 'bulk', 'maxOperations')),
      maxPayloadBytes: positive(member(config, 'bulk', 'maxPayloadSize')),
    },
    sort: flag(member(config, 'sort', 'supported')),
    changePassword: flag(member(config, 'changePassword', 'supported')),
    maxPageSizeEntities: limits.length === 0 ? undefined : Math.min(...limits),
    cursorPaging: flag(member(config, 'pagination', 'cursor')),
    cursorTimeoutS: positive(member(config, 'pagination', 'cursorTimeout')),
    isMusterProxy: isJsonObject(attribute(config, MUSTER_PROXY_SCHEMA)),
  };
}

function member(config: JsonObject, feature: string, name: string): JsonValue | undefined {
  const part = attribute(config, feature);
  return isJsonObject(part) ? attribute(part, name) : undefined;
}

function flag(value: JsonValue | undefined): boolean | undefined {
  return typeof value === 'boolean' ? value : undefined;
}

/** Zero means "no limit known" to some servers. */
function positive(value: JsonValue | undefined): number | undefined {
  return typeof value === 'number' && Number.isInteger(value) && value > 0 ? value : undefined;
}
