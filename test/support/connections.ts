import type pg from 'pg';
import { SqlPool } from '../../state/database.js';
import type { Row, Sql } from '../../state/database.js';

/** Connections of one simulated process. */
const MAX_CONNECTIONS = 6;

const idle = new Map<string, SqlPool[]>();

/**
 * The pool of a simulated process, on the connections of one that has ended. PostgreSQL starts a process for each connection, which has
 * to learn all tables first; that takes longer than the statements of most simulated processes.
 */
export class BorrowedPool extends SqlPool {
  private readonly connections: SqlPool;
  private readonly underWay = new Set<Promise<unknown>>();

  constructor(private readonly databaseUrl: string) {
    super(databaseUrl);
    this.connections = idle.get(databaseUrl)?.pop() ?? new SqlPool(databaseUrl, { maxConnections: MAX_CONNECTIONS });
  }

  override query<T extends object = Row>(text: string, params: readonly unknown[] = []): Promise<T[]> {
    return this.watched(this.connections.query<T>(text, params));
  }

  override transaction<T>(work: (sql: Sql) => Promise<T>): Promise<T> {
    return this.watched(this.connections.transaction(work));
  }

  override session<T>(work: (sql: Sql, client: pg.PoolClient) => Promise<T>): Promise<T> {
    return this.watched(this.connections.session(work));
  }

  /** Resolves when nothing is under way any more, as closing the connections would. */
  override async close(): Promise<void> {
    await Promise.allSettled(this.underWay);
    idle.set(this.databaseUrl, [...(idle.get(this.databaseUrl) ?? []), this.connections]);
    await super.close();
  }

  private async watched<T>(work: Promise<T>): Promise<T> {
    this.underWay.add(work);
    try {
      return await work;
    } finally {
      this.underWay.delete(work);
    }
  }
}

/** To be called before the database goes. */
export async function closeConnections(databaseUrl: string): Promise<void> {
  const all = idle.get(databaseUrl) ?? [];
  idle.delete(databaseUrl);
  await Promise.all(all.map((connections) => connections.close()));
}
