import type { ConnectorLog } from '../contract.js';
import { isConnectorError, type ConnectorError } from '../errors.js';
import { protocolError } from '../http/http-error.js';
import type { HttpResponse } from '../http/http-response.js';
import { bulkAnswers, bulkRequest } from './bulk-message.js';
import type { Discovery } from './discovery.js';
import { jsonBody } from './scim-envelope.js';
import { scimError } from './scim-error.js';
import type { ScimHttp, ScimWrite, ScimWrites } from './scim-http.js';
import type { ScimType } from './scim-settings.js';
import { Slots } from './slots.js';
import { isSuccess } from './write-answer.js';

/** Operations that come within this time go together. */
const GATHER_MS = 5;
/** Larger requests are not sent even where the server names no limit. */
const MAX_PAYLOAD_CHARACTERS = 900_000;
/** After a bulk request that failed as a whole, everything is sent one by one for so long. */
const APART_MS = 60_000;
const TOO_LARGE = 413;
/** The server has no such endpoint. */
const NO_BULK: ReadonlySet<number> = new Set([404, 405, 501]);

/** What bulk writing needs of its surroundings. */
export interface BulkOptions {
  readonly http: ScimHttp;
  readonly discovery: Discovery;
  readonly clock: () => Date;
  readonly log: ConnectorLog;
  /** Types that go together. */
  readonly types: readonly ScimType[];
  /** Types whose updates go alone. */
  readonly updatesApart: readonly ScimType[];
  /** Operations in one request at most. */
  readonly maxOperations: number;
  /** Requests at a time, bulk and single ones together. */
  readonly maxConcurrentWrites: number;
}

interface Waiting {
  readonly write: ScimWrite;
  readonly size: number;
  readonly done: (response: HttpResponse) => void;
  readonly failed: (error: unknown) => void;
}

/**
 * Collects writes that are made at the same time into bulk requests (WRT-3). To whoever writes it looks like single requests: each
 * operation's own result decides, and a request that fails as a whole is repeated entity by entity. Only a create whose outcome is not
 * known is not repeated here: it has to be looked for first (CONN-SCIM-84).
 */
export class BulkWrites implements ScimWrites {
  private waiting: Waiting[] = [];
  private timer: NodeJS.Timeout | undefined;
  private maxOperations: number;
  private maxPayload = MAX_PAYLOAD_CHARACTERS;
  private apartUntilMs = 0;
  private readonly slots: Slots;

  constructor(private readonly options: BulkOptions) {
    this.maxOperations = options.maxOperations;
    this.slots = new Slots(options.maxConcurrentWrites);
  }

  async write(write: ScimWrite): Promise<HttpResponse> {
    if (!(await this.isPossible(write))) return this.alone(write);
    return new Promise((done, failed) => {
      this.waiting.push({ write, size: JSON.stringify(write.body ?? {}).length + write.path.length, done, failed });
      if (this.waiting.length >= this.maxOperations) this.flush();
      else this.timer ??= setTimeout(() => this.flush(), GATHER_MS);
    });
  }

  private async isPossible(write: ScimWrite): Promise<boolean> {
    if (this.options.clock().getTime() < this.apartUntilMs || write.options.signal?.aborted === true) return false;
    const type = this.options.types.find((one) => write.path.startsWith(this.options.http.collectionPath(one)));
    if (type === undefined || (isUpdate(write) && this.options.updatesApart.includes(type))) return false;
    const { bulk } = await this.options.discovery.features(undefined);
    this.maxOperations = Math.min(this.maxOperations, bulk?.maxOperations ?? Infinity);
    this.maxPayload = Math.min(this.maxPayload, bulk?.maxPayloadBytes ?? Infinity);
    return bulk?.supported !== false && this.maxOperations > 1;
  }

  private flush(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    // Taken when there is a place, so that a request grows while it waits for one.
    void this.slots.use(() => {
      const next = this.take();
      if (this.waiting.length > 0) this.flush();
      return this.together(next);
    });
  }

  /** As many as fit into one request, one at least. */
  private take(): Waiting[] {
    let size = 0;
    let count = 0;
    for (const { size: one } of this.waiting) {
      size += one;
      if (count > 0 && (count >= this.maxOperations || size > this.maxPayload)) break;
      count += 1;
    }
    return this.waiting.splice(0, count);
  }

  /** Never throws: each operation is told its own end. */
  private async together(all: readonly Waiting[]): Promise<void> {
    const ready = all.filter(mayStart);
    const [first] = ready;
    if (first === undefined) return;
    if (ready.length === 1) return this.single(first);
    try {
      const envelope = await this.post(ready);
      if (isSuccess(envelope)) return await this.deliver(ready, envelope);
      await this.apart(ready, scimError(envelope));
    } catch (error) {
      await this.apart(ready, error);
    }
  }

  private post(ready: readonly Waiting[]): Promise<HttpResponse> {
    const { http } = this.options;
    const writes = ready.map(({ write }) => write);
    const [signal, ...others] = new Set(writes.map(({ options }) => options.signal));
    return http.write({
      label: 'bulk',
      method: 'POST',
      path: `${http.settings.rootPath}/Bulk`,
      body: bulkRequest(writes, http.settings.rootPath),
      options: {
        ...(signal === undefined || others.length > 0 ? {} : { signal }),
        beforeWrite: () => {
          for (const { options } of writes) options.beforeWrite?.();
        },
      },
    });
  }

  private async deliver(ready: readonly Waiting[], envelope: HttpResponse): Promise<void> {
    const writes = ready.map(({ write }) => write);
    const answers = bulkAnswers(jsonBody(envelope), writes, envelope);
    const missing: Waiting[] = [];
    ready.forEach((one, index) => {
      const answer = answers[index];
      if (answer === undefined) missing.push(one);
      else one.done(answer);
    });
    if (missing.length === 0) return;
    const text = `the answer to a bulk request names ${answers.length - missing.length} of ${answers.length} operations`;
    await this.repeated(missing, protocolError(envelope.operation, text, { outcome: 'unknown' }));
  }

  /** The request failed as a whole. */
  private async apart(ready: readonly Waiting[], error: unknown): Promise<void> {
    if (!isConnectorError(error)) {
      // One of the operations must not start any more: nothing was sent, and each says for itself whether it may.
      for (const one of ready) await this.single(one);
      return;
    }
    if (error.status === TOO_LARGE) {
      this.maxOperations = Math.max(1, Math.floor(ready.length / 2));
      for (const half of halves(ready)) await this.together(half);
      return;
    }
    if (isAboutAll(error) && error.kind !== 'timeout' && error.kind !== 'transient') return fail(ready, error);
    const isForGood = NO_BULK.has(error.status ?? 0);
    this.apartUntilMs = isForGood ? Infinity : this.options.clock().getTime() + APART_MS;
    this.options.log.warn({ operations: ready.length }, `${error.safeMessage}; from now on one by one`);
    await this.repeated(ready, error);
  }

  /** Entity by entity, in the place of the bulk request; nothing else would work any better where the system as a whole is away. */
  private async repeated(ready: readonly Waiting[], error: ConnectorError): Promise<void> {
    if (isAboutAll(error)) return fail(ready, error);
    for (const one of ready) {
      if (one.write.method === 'POST' && error.outcome !== 'not-applied') one.failed(error);
      else await this.single(one);
    }
  }

  private async single({ write, done, failed }: Waiting): Promise<void> {
    await this.options.http.write(write).then(done, failed);
  }

  private alone(write: ScimWrite): Promise<HttpResponse> {
    return this.slots.use(() => this.options.http.write(write));
  }
}

/** Each operation is under a lease of its own; whose has ended is not sent. */
function mayStart({ write, failed }: Waiting): boolean {
  try {
    write.options.beforeWrite?.();
    return true;
  } catch (error) {
    failed(error);
    return false;
  }
}

function isAboutAll({ scope, kind }: ConnectorError): boolean {
  return scope === 'system' || kind === 'throttled' || kind === 'auth' || kind === 'cancelled';
}

function fail(ready: readonly Waiting[], error: ConnectorError): void {
  for (const { failed } of ready) failed(error);
}

function halves(all: readonly Waiting[]): [readonly Waiting[], readonly Waiting[]] {
  const middle = Math.ceil(all.length / 2);
  return [all.slice(0, middle), all.slice(middle)];
}

function isUpdate({ method }: ScimWrite): boolean {
  return method === 'PUT' || method === 'PATCH';
}
