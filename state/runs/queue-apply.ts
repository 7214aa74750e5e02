import type { Sql } from '../database.js';
import { insertRun } from './request-run.js';

/** Who asks for jobs that nobody has asked for (STA-4). */
const INTERNAL = 'Identity Provisioning Internal API';

/**
 * Queues the application of a plan behind the run that has made it, in the transaction that ends that run: what was approved is applied,
 * whatever dies. Announced by the end of the run.
 */
export async function queueApply(sql: Sql, sourceNo: number, planNo: number): Promise<void> {
  // Requests of one source stand in a row.
  await sql.query('select no from system where no = $1 for update', [sourceNo]);
  const request = { sourceNo, kind: 'apply', trigger: 'IMMEDIATE', triggeredBy: INTERNAL, planNo } as const;
  await insertRun(sql, request, 'queued');
}
