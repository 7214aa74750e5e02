import type { Sql } from '../database.js';

/** A group of a target, and the lease under which it is written. */
export interface WrittenGroup {
  readonly targetNo: number;
  readonly groupKey: string;
  readonly entityNo: number;
  readonly token: number;
}

/**
 * Notes whom the next request puts into a group (`joining`), before it is sent: whoever finds them there after a crash knows that they did not
 * come by themselves. `there`: all members that the group has now; who was noted and is in neither list was taken out by somebody else, and is
 * forgotten. Null: they are not known. False: the lease is lost, and nothing may be sent.
 */
export async function noteJoining(
  sql: Sql,
  group: WrittenGroup,
  joining: readonly string[],
  there: readonly string[] | null,
): Promise<boolean> {
  const rows = await sql.query(
    `with held as (
       select b.entity_no from backlog b where b.target_id = $1 and b.entity_no = $3 and b.lease_token = $4 for update),
     forgotten as (
       delete from assigned_member m using held
        where $6::text[] is not null and m.target_id = $1 and m.group_key = $2 and m.member_key <> all($6::text[] || $5::text[])),
     noted as (
       insert into assigned_member (target_id, group_key, member_key)
       select $1, $2, n from held cross join unnest($5::text[]) n on conflict do nothing)
     select 1 from held`,
    [group.targetNo, group.groupKey, group.entityNo, group.token, joining, there],
  );
  return rows.length > 0;
}

/** Forgets members that have just been taken out of a group. */
export async function forgetAssigned(
  sql: Sql,
  targetNo: number,
  groupKey: string,
  members: readonly string[],
): Promise<void> {
  await sql.query(
    'delete from assigned_member where target_id = $1 and group_key = $2 and member_key = any($3::text[])',
    [targetNo, groupKey, members],
  );
}

/** Ids of the members that the platform has put into a group. */
export async function assignedMembers(sql: Sql, targetNo: number, groupKey: string): Promise<string[]> {
  const rows = await sql.query<{ key: string }>(
    'select member_key as key from assigned_member where target_id = $1 and group_key = $2 order by member_key',
    [targetNo, groupKey],
  );
  return rows.map((row) => row.key);
}

/** Forgets all members of a group that does not exist any more. */
export async function forgetGroup(sql: Sql, targetNo: number, groupKey: string): Promise<void> {
  await sql.query('delete from assigned_member where target_id = $1 and group_key = $2', [targetNo, groupKey]);
}
