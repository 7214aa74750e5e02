import { createHmac } from 'node:crypto';
import { ENTITY_TYPES } from '../../core/entity-type.js';
import type { TransformationProgram } from '../../core/transform/program.js';
import { sweepSystem } from './pairs.js';
import type { RunConfiguration } from './snapshot.js';
import { selectRows } from './statements.js';
import type { Statements } from './statements.js';

/**
 * Keyed hash (32 bytes) over the fingerprints of all types of a compiled transformation. Two programs with equal hashes give equal
 * results. Keyed because a fingerprint contains the values of placeholders, credentials included.
 *
 * @param key `deriveKey('fingerprint')` of the installation.
 */
export function fingerprintHash(program: TransformationProgram, key: Buffer): Buffer {
  const parts = ENTITY_TYPES.map((type) => [type, program.types.get(type)?.fingerprint ?? null]);
  return createHmac('sha256', key)
    .update(JSON.stringify([program.direction, parts]))
    .digest();
}

/** The program number in force; 0 while none was ever recorded. */
export async function currentProgramNumber(database: Statements, systemNo: number): Promise<number> {
  const rows = await selectRows<{ number: number }>(
    database,
    'select number from program where system_no = $1 order by number desc limit 1',
    [systemNo],
  );
  return rows[0]?.number ?? 0;
}

/**
 * The number of the program with this hash: the current one when nothing changed, else the next. A changed program of a target
 * sweeps its enabled pairs in the same transaction, so that what was written by the old program is looked at again (engine.md §6);
 * a source needs no sweep, its entities carry the number of the read program. Serialised per system by a row lock.
 */
export async function ensureProgram(
  transaction: Statements,
  systemNo: number,
  fingerprint: Buffer,
): Promise<{ number: number; changed: boolean }> {
  const systems = await selectRows<{ role: string }>(transaction, 'select role from system where no = $1 for update', [
    systemNo,
  ]);
  if (systems[0] === undefined) throw new RangeError(`there is no system with the number ${systemNo}`);
  const rows = await selectRows<{ number: number; fingerprint: Buffer }>(
    transaction,
    'select number, fingerprint from program where system_no = $1 order by number desc limit 1',
    [systemNo],
  );
  const current = rows[0];
  if (current !== undefined && current.fingerprint.equals(fingerprint)) {
    return { number: current.number, changed: false };
  }
  const number = (current?.number ?? 0) + 1;
  await transaction.query('insert into program (system_no, number, fingerprint) values ($1, $2, $3)', [
    systemNo,
    number,
    fingerprint,
  ]);
  if (systems[0].role === 'target') await sweepSystem(transaction, systemNo);
  return { number, changed: true };
}

/**
 * The numbers that {@link ensurePrograms} would give, for a run that may record none (JOB-8): the next one stands for a program that was never
 * used.
 */
export async function previewPrograms(
  database: Statements,
  fingerprints: ReadonlyMap<number, Buffer>,
): Promise<Map<number, number>> {
  const rows = await selectRows<{ no: number; number: number; fingerprint: Buffer }>(
    database,
    `select distinct on (system_no) system_no as no, number, fingerprint from program where system_no = any($1::int[])
      order by system_no, number desc`,
    [[...fingerprints.keys()]],
  );
  const current = new Map(rows.map((row) => [row.no, row]));
  return new Map(
    [...fingerprints].map(([no, fingerprint]) => {
      const known = current.get(no);
      return [no, known?.fingerprint.equals(fingerprint) === true ? known.number : (known?.number ?? 0) + 1];
    }),
  );
}

/**
 * {@link ensureProgram} for all systems of a run, against their configuration as it is now: undefined when one of them was saved or deleted
 * since it was loaded. Numbered anyway, an older document would get the higher number, and what the newer one has written would be written
 * back. In the order of the systems' numbers, so that two runs do not wait for each other.
 */
export async function ensurePrograms(
  transaction: Statements,
  { source, targets }: RunConfiguration,
  fingerprints: ReadonlyMap<number, Buffer>,
): Promise<Map<number, number> | undefined> {
  const systems = [source, ...targets].filter((system) => fingerprints.has(system.no)).sort((a, b) => a.no - b.no);
  const rows = await selectRows<{ no: number; savedAt: string }>(
    transaction,
    'select no, updated_at::text as "savedAt" from system where no = any($1::int[]) order by no for update',
    [systems.map((system) => system.no)],
  );
  const savedAt = new Map(rows.map((row) => [row.no, row.savedAt]));
  if (systems.some((system) => savedAt.get(system.no) !== system.savedAt)) return undefined;
  const numbers = new Map<number, number>();
  for (const [no, fingerprint] of systems.map((system) => [system.no, fingerprints.get(system.no)] as const)) {
    if (fingerprint !== undefined) numbers.set(no, (await ensureProgram(transaction, no, fingerprint)).number);
  }
  return numbers;
}
