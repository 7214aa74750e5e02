import type { FaultListener, FaultPoint } from '../../activities/index.js';
import type { Connector, ConnectorFactory } from '../../connectors/contract.js';
import type { Row, Sql, SqlPool } from '../../state/database.js';
import { BorrowedPool } from './connections.js';

/** Everything a dead process does is refused with this. */
export class ProcessDiedError extends Error {
  override readonly name = 'ProcessDiedError';
}

/** `before`: the statement never got to the database; `after`: it was executed (a transaction: committed) and its answer got lost. */
export type CrashSide = 'before' | 'after';

/**
 * Where a process dies: at its n-th operation on the database, or at the first one with a statement like this, or when it comes to a
 * named moment for the n-th time. A transaction is one operation, and every statement in it counts as its statement.
 */
export type CrashPoint =
  | ({ readonly side: CrashSide } & ({ readonly operation: number } | { readonly statement: RegExp }))
  | { readonly moment: FaultPoint; readonly nth: number };

/** The error of a connection that broke: SQLSTATE connection_failure. */
export class ConnectionLostError extends Error {
  override readonly name = 'ConnectionLostError';
  readonly code = '08006';
}

/** Looks of the watch come by the clock and not by what the process does: they are no crash points. */
const WATCH = /^\s*(select cancel_requested|update run set (heartbeat_at|workers_seen_at))/;

/** A process that dies at one of its operations on the database; from then on it reaches neither the database nor a system. */
export class Mortal {
  /** Operations begun so far. */
  operations = 0;
  private moments = 0;
  /** What it died at. */
  diedAt: string | undefined;

  /** @param kind what ends there: the process, or only the connection, once. */
  constructor(
    private readonly point: CrashPoint | undefined,
    private readonly kind: 'process' | 'connection' = 'process',
  ) {}

  get isDead(): boolean {
    return this.diedAt !== undefined && this.kind === 'process';
  }

  live(): void {
    if (this.isDead) throw new ProcessDiedError('the process is dead');
  }

  /** A number for the operation that begins. */
  begin(): number {
    this.live();
    this.operations += 1;
    return this.operations;
  }

  dieAt(operation: number, side: CrashSide, what: string): void {
    this.live();
    if (this.point === undefined || 'moment' in this.point || this.point.side !== side) return;
    if (this.diedAt !== undefined) return;
    if ('operation' in this.point ? this.point.operation !== operation : !this.point.statement.test(what)) return;
    this.diedAt = `${side} ${what.trim().replace(/\s+/g, ' ').slice(0, 80)}`;
    if (this.kind === 'connection') throw new ConnectionLostError(`the connection broke ${this.diedAt}`);
    throw new ProcessDiedError(`died ${this.diedAt}`);
  }

  /** To be told of the moments of the engine ({@link FaultPoint}). */
  readonly reached: FaultListener = (moment) => {
    this.live();
    if (this.point === undefined || !('moment' in this.point) || this.point.moment !== moment) return;
    this.moments += 1;
    if (this.moments !== this.point.nth) return;
    this.diedAt = `${moment} ${this.moments}`;
    throw new ProcessDiedError(`died ${this.diedAt}`);
  };

  /** A connection pool that dies with the process. */
  pool(databaseUrl: string): SqlPool {
    return new MortalPool(databaseUrl, this);
  }

  /** Connectors that die with the process: nothing is sent any more, and no answer is heard. */
  factory(factory: ConnectorFactory): ConnectorFactory {
    return { ...factory, open: (context) => this.connector(factory.open(context)) };
  }

  private connector(connector: Connector): Connector {
    const guard =
      <A extends unknown[], R>(call: (...args: A) => Promise<R>) =>
      async (...args: A): Promise<R> => {
        this.live();
        const result = await call(...args);
        this.live();
        return result;
      };
    return {
      testConnection: guard((options) => connector.testConnection(options)),
      readPage: guard((request) => connector.readPage(request)),
      readOne: guard((type, id, options) => connector.readOne(type, id, options)),
      create: guard((type, body, options) => connector.create(type, body, options)),
      update: guard((type, id, change, options) => connector.update(type, id, change, options)),
      delete: guard((type, id, options) => connector.delete(type, id, options)),
      ...(connector.changeMembers !== undefined && { changeMembers: guard(connector.changeMembers.bind(connector)) }),
      resolveExisting: guard((type, body, keys, options) => connector.resolveExisting(type, body, keys, options)),
      uniqueKeys: (type) => connector.uniqueKeys(type),
      close: () => connector.close(),
    };
  }
}

class MortalPool extends BorrowedPool {
  constructor(
    databaseUrl: string,
    private readonly process: Mortal,
  ) {
    super(databaseUrl);
  }

  override async query<T extends object = Row>(text: string, params: readonly unknown[] = []): Promise<T[]> {
    const operation = WATCH.test(text) ? 0 : this.process.begin();
    this.process.dieAt(operation, 'before', text);
    const rows = await super.query<T>(text, params);
    this.process.dieAt(operation, 'after', text);
    return rows;
  }

  override async transaction<T>(work: (sql: Sql) => Promise<T>): Promise<T> {
    const operation = this.process.begin();
    const statements: string[] = [];
    const result = await super.transaction(async (sql) => {
      const made = await work({
        query: (text, params) => {
          this.process.live();
          statements.push(text);
          return sql.query(text, params);
        },
      });
      this.process.dieAt(operation, 'before', `commit of ${statements.join(' ; ')}`);
      return made;
    });
    this.process.dieAt(operation, 'after', `commit of ${statements.join(' ; ')}`);
    return result;
  }
}

/** The leases and claims of processes that are dead run out now; nobody waits for them in a test. */
export async function expireLeases(sql: Sql, sourceNo: number): Promise<void> {
  await sql.query(
    `update backlog set lease_until = clock_timestamp() - interval '1 hour' where source_id = $1 and lease_until is not null`,
    [sourceNo],
  );
  await sql.query(
    `update target_gate set probe_until = clock_timestamp() - interval '1 hour'
      where probe_until is not null and target_id in (select target_id from connected_pair where source_id = $1)`,
    [sourceNo],
  );
  await sql.query(
    `update target_claim set until = clock_timestamp() - interval '1 hour'
      where target_id in (select target_id from connected_pair where source_id = $1)`,
    [sourceNo],
  );
}
