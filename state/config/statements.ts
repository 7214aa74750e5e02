/**
 * Whatever runs SQL: a TypeORM data source or transaction, or the engine's own pool. Functions that take it use SELECT and INSERT
 * only where they look at the result, because the answers to UPDATE and DELETE differ between the two.
 */
export interface Statements {
  query(text: string, params?: unknown[]): Promise<unknown>;
}

/** Runs a SELECT; the caller names the shape of the rows it selects. */
export async function selectRows<T extends object>(
  database: Statements,
  text: string,
  params: unknown[] = [],
): Promise<T[]> {
  const rows = await database.query(text, params);
  if (!isRowList<T>(rows)) throw new TypeError('a SELECT must answer with an array of rows');
  return rows;
}

/** The shape of the rows is the promise of the statement; that there are rows is checked. */
function isRowList<T extends object>(value: unknown): value is T[] {
  return Array.isArray(value);
}
