import type { Sql } from '../database.js';

interface MembersChange {
  readonly sourceKey: string;
  readonly members: readonly string[] | null;
}

/** Brings `member` up to what the source says of these groups; rows that stay are not touched. Returns the groups that lost somebody. */
export async function writeMembers(
  sql: Sql,
  changes: readonly MembersChange[],
  numbers: ReadonlyMap<string, number>,
): Promise<number[]> {
  const shrunk: number[] = [];
  for (const change of changes) {
    const groupNo = numbers.get(change.sourceKey);
    if (change.members === null || groupNo === undefined) continue;
    const members = [...new Set(change.members)].sort();
    const removed = await sql.query(
      `with gone as (
         delete from member m where m.group_no = $1
            and not exists (select from unnest($2::text[]) as n (source_key) where n.source_key = m.source_key) returning 1)
       select 1 from gone limit 1`,
      [groupNo, members],
    );
    if (removed.length > 0) shrunk.push(groupNo);
    await sql.query(
      `insert into member (group_no, source_key) select $1, n.source_key from unnest($2::text[]) as n (source_key)
       on conflict do nothing`,
      [groupNo, members],
    );
  }
  return shrunk;
}
