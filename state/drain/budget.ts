import type { Sql } from '../database.js';

/** Places of a target that may be taken at once, and for how long: a process that dies gives its place back when the time is over. */
export interface PlaceRequest {
  readonly targetNo: number;
  readonly places: number;
  readonly holdMs: number;
}

/** Takes a place among all processes; undefined while all are taken. */
export async function takePlace(sql: Sql, request: PlaceRequest): Promise<number | undefined> {
  const [row] = await sql.query<{ slot: number }>(
    `update target_permit set until = clock_timestamp() + $3::int * interval '1 millisecond'
      where (target_id, slot) = (select target_id, slot from target_permit
                                  where target_id = $1 and slot <= $2 and until < clock_timestamp()
                                  order by slot limit 1 for update skip locked)
      returning slot`,
    [request.targetNo, request.places, request.holdMs],
  );
  return row?.slot;
}

/** Makes the places of a target; those that are there stay as they are. */
export async function makePlaces(sql: Sql, targetNo: number, places: number): Promise<void> {
  await sql.query(
    'insert into target_permit (target_id, slot) select $1, n from generate_series(1, $2::int) n on conflict do nothing',
    [targetNo, places],
  );
}

/** Gives a place back. */
export async function leavePlace(sql: Sql, targetNo: number, slot: number): Promise<void> {
  await sql.query(`update target_permit set until = 'epoch' where target_id = $1 and slot = $2`, [targetNo, slot]);
}

/** The next moment at which a request may start, all processes in a row: milliseconds from now. Each call takes one. */
export async function takeTurn(sql: Sql, targetNo: number, spacingMs: number): Promise<number> {
  const [row] = await sql.query<{ waitMs: number }>(
    `insert into target_gate as g (target_id, rate_next_at)
     values ($1, clock_timestamp() + $2::float8 * interval '1 millisecond')
     on conflict (target_id) do update
        set rate_next_at = greatest(g.rate_next_at, clock_timestamp()) + $2::float8 * interval '1 millisecond'
     returning extract(epoch from rate_next_at - $2::float8 * interval '1 millisecond' - clock_timestamp())::float8 * 1000 as "waitMs"`,
    [targetNo, spacingMs],
  );
  return Math.max(0, row?.waitMs ?? 0);
}
