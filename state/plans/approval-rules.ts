import type { ApprovalRule } from '../../core/plan/approval-rules.js';
import type { Sql, SqlPool } from '../database.js';

/** The approval rules of a source as they were saved once (PLN-13). */
export interface ApprovalRules {
  /** From 1; 0 while none were ever saved. */
  readonly version: number;
  readonly rules: readonly ApprovalRule[];
  readonly comment: string;
  readonly savedBy: string | null;
  readonly savedAt: Date | null;
}

const NONE: ApprovalRules = { version: 0, rules: [], comment: '', savedBy: null, savedAt: null };

/** One version, or the one in force. Undefined: there is no such version. */
export async function readApprovalRules(
  sql: Sql,
  sourceNo: number,
  version?: number,
): Promise<ApprovalRules | undefined> {
  const [found] = await sql.query<ApprovalRules>(
    `select version, rules, comment, saved_by as "savedBy", saved_at as "savedAt" from approval_rules
      where source_id = $1 and ($2::int is null or version = $2) order by version desc limit 1`,
    [sourceNo, version ?? null],
  );
  return found ?? (version === undefined ? NONE : undefined);
}

/** Rules to be saved as the next version. */
export interface NewApprovalRules {
  readonly sourceNo: number;
  readonly rules: readonly ApprovalRule[];
  readonly comment: string;
  readonly savedBy: string;
  /** The version the change was made on; absent: whatever it is. */
  readonly baseVersion?: number;
}

/** Stores the next version and returns its number; undefined when another one than `baseVersion` is in force by now. */
export async function saveApprovalRules(pool: SqlPool, saved: NewApprovalRules): Promise<number | undefined> {
  return pool.transaction(async (sql) => {
    await sql.query('select no from system where no = $1 for update', [saved.sourceNo]);
    const current = (await readApprovalRules(sql, saved.sourceNo))?.version ?? 0;
    if (saved.baseVersion !== undefined && saved.baseVersion !== current) return undefined;
    await sql.query(
      'insert into approval_rules (source_id, version, rules, comment, saved_by) values ($1, $2, $3::json, $4, $5)',
      [saved.sourceNo, current + 1, JSON.stringify(saved.rules), saved.comment, saved.savedBy],
    );
    return current + 1;
  });
}
