import pg from 'pg';

/** A row as PostgreSQL returns it; each statement names the shape it selects. */
export type Row = Record<string, unknown>;

/** Something that runs statements: the pool, or one transaction. */
export interface Sql {
  query<T extends object = Row>(text: string, params?: readonly unknown[]): Promise<T[]>;
}

/**
 * Whoever is silent for so long in the middle of a transaction loses it. A process that stands still (SIGSTOP, a frozen virtual machine)
 * keeps its connection and would keep its row locks with it, for as long as it stands: everybody else would wait for them.
 */
export const SILENT_TRANSACTION_MS = 15_000;

/**
 * Connections of a pool that stay open while nobody needs them. A new one costs a login and reads the catalog anew with its first statements,
 * which the begin of a short job would wait for; jobs are half an hour apart.
 */
export const WARM_CONNECTIONS = 4;

/**
 * The pool for hand-written SQL, that is for everything that scales with entities. bigint columns arrive as decimal strings unless they
 * are known to be small; entity numbers stay below 2^53 and are read as numbers.
 */
export class SqlPool implements Sql {
  private readonly pool: pg.Pool;

  constructor(
    url: string,
    options: {
      readonly maxConnections?: number;
      readonly onError?: (error: Error) => void;
      /** Number of this process in the tokens of its leases; absent: it has none. */
      readonly leaseHolder?: number;
      /** Tests shorten {@link SILENT_TRANSACTION_MS}. */
      readonly silentTransactionMs?: number;
    } = {},
  ) {
    this.pool = new pg.Pool({
      connectionString: url,
      max: options.maxConnections ?? 12,
      min: WARM_CONNECTIONS,
      types: TYPES,
      keepAlive: true,
      ...(options.leaseHolder !== undefined && { options: `-c muster.lease_holder=${options.leaseHolder}` }),
      idle_in_transaction_session_timeout: options.silentTransactionMs ?? SILENT_TRANSACTION_MS,
    });
    // A connection that dies while idle must not end the process: the next query opens a new one.
    this.pool.on('error', (error) => options.onError?.(error));
    // Nor one that dies while lent out: its user gets the error from the next statement, but the event would have no listener.
    this.pool.on('connect', (client) => client.on('error', () => undefined));
  }

  async query<T extends object = Row>(text: string, params: readonly unknown[] = []): Promise<T[]> {
    return (await this.pool.query<T>(text, [...params])).rows;
  }

  /** Runs `work` in one transaction; a deadlock (40P01) or serialization failure is repeated up to five times. */
  async transaction<T>(work: (sql: Sql) => Promise<T>): Promise<T> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await this.once(work);
      } catch (error) {
        if (attempt >= 5 || !isRepeatable(error)) throw error;
      }
    }
  }

  /** One connection for as long as `work` runs, for LISTEN and session locks. */
  async session<T>(work: (sql: Sql, client: pg.PoolClient) => Promise<T>): Promise<T> {
    const client = await this.pool.connect();
    try {
      return await work(onClient(client), client);
    } finally {
      client.release();
    }
  }

  async close(): Promise<void> {
    await this.pool.end();
  }

  private async once<T>(work: (sql: Sql) => Promise<T>): Promise<T> {
    const client = await this.pool.connect();
    let broken: Error | undefined;
    try {
      await client.query('begin');
      const result = await work(onClient(client));
      await client.query('commit');
      return result;
    } catch (error) {
      await client.query('rollback').catch((rollbackError: unknown) => {
        // The connection is gone; it must not return to the pool.
        broken = rollbackError instanceof Error ? rollbackError : new Error(String(rollbackError));
      });
      throw error;
    } finally {
      client.release(broken);
    }
  }
}

function onClient(client: pg.PoolClient): Sql {
  return {
    query: async <T extends object = Row>(text: string, params: readonly unknown[] = []): Promise<T[]> =>
      (await client.query<T>(text, [...params])).rows,
  };
}

const BIGINT_OID = 20;
const BIGINT_ARRAY_OID = 1016;

function parseBigint(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value)) throw new RangeError(`${text} does not fit into a number`);
  return value;
}

/** `{1,2,3}`: our arrays of entity numbers are flat and hold no nulls. */
function parseBigintArray(text: string): number[] {
  return text === '{}' ? [] : text.slice(1, -1).split(',').map(parseBigint);
}

/** Numbers for bigint: sequences of one installation stay below 2^53, and a loss of precision would be an error, not a rounding. */
const TYPES: pg.CustomTypesConfig = {
  getTypeParser: (oid: number, format?: 'text' | 'binary'): unknown => {
    if (oid === BIGINT_OID) return parseBigint;
    if (oid === BIGINT_ARRAY_OID) return parseBigintArray;
    return format === 'binary' ? pg.types.getTypeParser(oid, 'binary') : pg.types.getTypeParser(oid, 'text');
  },
};

function isRepeatable(error: unknown): boolean {
  const code = sqlState(error);
  return code === '40P01' || code === '40001';
}

/** SQLSTATE of a PostgreSQL error, or undefined. */
export function sqlState(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}
