import type { Sql } from '../database.js';

/** A private network whose edge workers share a key. */
export interface EdgeLocation {
  readonly id: string;
  /** X25519, raw. */
  readonly publicKey: Buffer;
  readonly createdBy: string;
  readonly createdAt: Date;
}

const COLUMNS = `id, public_key as "publicKey", created_by as "createdBy", created_at as "createdAt"`;

/** All of them by name. There are a few. */
export function listLocations(sql: Sql): Promise<EdgeLocation[]> {
  return sql.query<EdgeLocation>(`select ${COLUMNS} from edge_location order by id`);
}

/** One of them; undefined when nobody is registered for it. */
export async function findLocation(sql: Sql, id: string): Promise<EdgeLocation | undefined> {
  const [row] = await sql.query<EdgeLocation>(`select ${COLUMNS} from edge_location where id = $1`, [id]);
  return row;
}

/** Registers a key for a location, in place of an earlier one. */
export async function saveLocation(
  sql: Sql,
  location: Pick<EdgeLocation, 'id' | 'publicKey' | 'createdBy'>,
): Promise<void> {
  await sql.query(
    `insert into edge_location (id, public_key, created_by) values ($1, $2, $3)
     on conflict (id) do update set public_key = excluded.public_key, created_by = excluded.created_by, created_at = now()`,
    [location.id, location.publicKey, location.createdBy],
  );
}

/** False when there was none. */
export async function removeLocation(sql: Sql, id: string): Promise<boolean> {
  return (await sql.query('delete from edge_location where id = $1 returning id', [id])).length > 0;
}
