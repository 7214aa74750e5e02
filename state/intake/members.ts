import type { Sql } from '../database.js';

interface MembersChange {
  readonly sourceKey: string;
  readonly members: readonly string[] | null;
}

/** Brings `member` up to what the source says of these groups; rows that stay are not touched. */
export async function writeMembers(
  sql: Sql,
  changes: readonly MembersChange[],
  numbers: ReadonlyMap<string, number>,
): Promise<void> {
  for (const change of changes) {
    const groupNo = numbers.get(change.sourceKey);
    if (change.members === null || groupNo === undefined) continue;
    const members = [...new Set(change.members)].sort();
    await sql.query(
      `delete from member m where m.group_no = $1
          and not exists (select from unnest($2::text[]) as n (source_key) where n.source_key = m.source_key)`,
      [groupNo, members],
    );
    await sql.query(
      `insert into member (group_no, source_key) select $1, n.source_key from unnest($2::text[]) as n (source_key)
       on conflict do nothing`,
      [groupNo, members],
    );
  }
}
