import type { ScimResourceType } from './scim-model.js';

/** What one request was and what became of it. */
export interface JournalRecord {
  /** 1, 2, 3, … in the order of arrival. */
  readonly seq: number;
  /** Time of arrival: milliseconds since 1970 by a monotonic clock, comparable between processes of one machine. */
  readonly receivedAtMs: number;
  /** Time of the answer or of the cut; undefined while the request is open. */
  endedAtMs?: number;
  readonly method: string;
  /** Path without the base path and query. */
  readonly path: string;
  /** Query as sent, without `?`. */
  readonly query: string;
  type?: ScimResourceType;
  /** What was asked for, after routing. */
  operation?: RequestOperation;
  entityId?: string;
  /** userName, displayName or externalId of the entity. */
  key?: string;
  /** Status answered; 0 when the connection was cut without an answer; undefined while the request is open. */
  status?: number;
  /** The store was changed. */
  applied: boolean;
  /** Name of the fault rule that struck. */
  fault?: string;
  /** Body as sent; only while {@link Journal.keepBodies} is on. */
  body?: string;
}

export type RequestOperation =
  'list' | 'get' | 'create' | 'replace' | 'patch' | 'delete' | 'member' | 'discovery' | 'token' | 'bulk';

const WRITES: readonly (RequestOperation | undefined)[] = ['create', 'replace', 'patch', 'delete', 'member'];

/** Applied creations and deletions of one key. */
export interface KeyCounts {
  creates: number;
  deletes: number;
  /** Creates minus deletes at its highest: more than 1 is a duplicate (invariant 3). */
  maxLive: number;
}

export interface JournalOptions {
  /** Records kept; older ones are dropped, counts stay exact. */
  readonly capacity?: number;
  /** Bytes of bodies kept; the oldest bodies are dropped first. */
  readonly maxBodyBytes?: number;
  /** Keep the bodies of writes from the start. */
  readonly keepBodies?: boolean;
}

/** The request journal of one simulator; bounded in memory, exact in its counts. */
export class Journal {
  /** Keep the bodies of writes from now on. */
  keepBodies: boolean;
  readonly #capacity: number;
  readonly #maxBodyBytes: number;
  /** Ring: the record of sequence n stands at n modulo capacity. */
  #ring: JournalRecord[] = [];
  #lastSeq = 0;
  #bodyBytes = 0;
  #oldestBody = 1;
  #byMethod = new Map<string, number>();
  #byOperation = new Map<string, number>();
  #perKey = new Map<string, KeyCounts>();

  constructor(options: JournalOptions = {}) {
    this.#capacity = options.capacity ?? 200_000;
    this.#maxBodyBytes = options.maxBodyBytes ?? 64 * 1024 * 1024;
    this.keepBodies = options.keepBodies ?? false;
  }

  /** Opens the record of a request. */
  begin(method: string, path: string, query: string): JournalRecord {
    this.#lastSeq += 1;
    const record: JournalRecord = {
      seq: this.#lastSeq,
      receivedAtMs: monotonicMs(),
      method,
      path,
      query,
      applied: false,
    };
    this.#ring[this.#lastSeq % this.#capacity] = record;
    this.#byMethod.set(method, (this.#byMethod.get(method) ?? 0) + 1);
    return record;
  }

  /** Keeps the body of a write if that is wanted. */
  noteBody(record: JournalRecord, body: string): void {
    if (!this.keepBodies) return;
    record.body = body;
    this.#bodyBytes += body.length;
    while (this.#bodyBytes > this.#maxBodyBytes && this.#oldestBody < record.seq) {
      const old = this.at(this.#oldestBody);
      this.#oldestBody += 1;
      if (old?.body === undefined) continue;
      this.#bodyBytes -= old.body.length;
      delete old.body;
    }
  }

  /** Marks the request as having changed the store, at the moment of the change. */
  noteApplied(record: JournalRecord): void {
    record.applied = true;
    if (record.operation === undefined) return;
    this.#byOperation.set(record.operation, (this.#byOperation.get(record.operation) ?? 0) + 1);
    if (record.type === undefined || record.key === undefined) return;
    const isCreate = record.operation === 'create';
    if (!isCreate && record.operation !== 'delete') return;
    const name = `${record.type}:${record.key.toLowerCase()}`;
    const counts = this.#perKey.get(name) ?? { creates: 0, deletes: 0, maxLive: 0 };
    if (isCreate) counts.creates += 1;
    else counts.deletes += 1;
    counts.maxLive = Math.max(counts.maxLive, counts.creates - counts.deletes);
    this.#perKey.set(name, counts);
  }

  /** Closes the record; status 0 means that no answer was sent. */
  end(record: JournalRecord, status: number): void {
    record.status ??= status;
    record.endedAtMs ??= monotonicMs();
  }

  /** Sequence number of the newest request: give it to {@link since} later. */
  mark(): number {
    return this.#lastSeq;
  }

  at(seq: number): JournalRecord | undefined {
    const record = this.#ring[seq % this.#capacity];
    return record?.seq === seq ? record : undefined;
  }

  /** Records after a mark, oldest first. Throws RangeError when some of them were dropped already. */
  since(mark: number): JournalRecord[] {
    if (mark < this.#lastSeq - this.#capacity)
      throw new RangeError(`requests after ${mark} are no longer in the journal`);
    const records: JournalRecord[] = [];
    for (let seq = mark + 1; seq <= this.#lastSeq; seq += 1) {
      const record = this.at(seq);
      if (record !== undefined) records.push(record);
    }
    return records;
  }

  /** Creates, replaces, patches and deletes asked for after a mark, applied or not. */
  writesSince(mark: number): JournalRecord[] {
    return this.since(mark).filter((record) => WRITES.includes(record.operation));
  }

  /** Requests since the start by HTTP method. */
  countsByMethod(): Record<string, number> {
    return Object.fromEntries(this.#byMethod);
  }

  /** Changes applied since the start by operation. */
  appliedByOperation(): Record<string, number> {
    return Object.fromEntries(this.#byOperation);
  }

  /** Applied creations and deletions since the start, by `User:<userName>` or `Group:<displayName>` in lower case. */
  createsPerKey(): Map<string, KeyCounts> {
    return new Map([...this.#perKey].map(([key, counts]) => [key, { ...counts }]));
  }

  /** Forgets everything but the sequence numbers. */
  clear(): void {
    this.#ring = [];
    this.#bodyBytes = 0;
    this.#oldestBody = this.#lastSeq + 1;
    this.#byMethod.clear();
    this.#byOperation.clear();
    this.#perKey.clear();
  }
}

function monotonicMs(): number {
  return performance.timeOrigin + performance.now();
}
