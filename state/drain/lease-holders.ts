import type { DataSource } from '../data-source.js';

/** What tells a process from every other one of its machine, and the machine from others. */
export interface ProcessIdentity {
  /** Of the running system, its name and its list of processes: two processes with the same one see each other. */
  readonly machine: string;
  readonly pid: number;
  /** When it was started, in the words of the system: numbers of processes are used again. */
  readonly started: string;
}

/** A number stands in the lowest 16 bits of the tokens of its process; 0 is that of nobody. */
const LARGEST_NO = 65_535;
/** Any number that no other lock has. */
const HOLDERS_LOCK = 7_302;

/**
 * Gives a worker process a number for its leases, and ends the leases of processes of the same machine that do not live any more: nobody
 * works under them, and nobody will. They may be taken over one request timeout from now, because a server may still execute what the
 * process has sent last (engine invariant 3 ⚠). Their probes and trials of breakers are anybody's again. Claims on target entities run out by
 * themselves.
 * Returns the number, 0 when all are taken, and how many leases were ended.
 */
export async function joinLeaseHolders(
  dataSource: DataSource,
  own: ProcessIdentity,
  isAlive: (process: Pick<ProcessIdentity, 'pid' | 'started'>) => boolean,
): Promise<{ readonly holder: number; readonly endedLeases: number }> {
  return dataSource.transaction(async (sql) => {
    await sql.query('select pg_advisory_xact_lock($1)', [HOLDERS_LOCK]);
    const known: (ProcessIdentity & { no: number })[] = await sql.query(
      'select no, machine, pid, started from lease_holder where machine = $1',
      [own.machine],
    );
    const dead = known.filter((one) => !isAlive(one)).map(({ no }) => no);
    const ended: [unknown[], number] | undefined =
      dead.length === 0
        ? undefined
        : await sql.query(
            `update backlog set lease_until = clock_timestamp()
              where lease_until > clock_timestamp() and (lease_token % ${LARGEST_NO + 1})::int = any($1::int[])`,
            [dead],
          );
    if (dead.length > 0)
      await sql.query(
        `update target_gate set probe_until = null
          where probe_until is not null and (probe_token % ${LARGEST_NO + 1})::int = any($1::int[])`,
        [dead],
      );
    await sql.query('delete from lease_holder where no = any($1::int[])', [dead]);
    const rows: { no: number }[] = await sql.query(
      `insert into lease_holder (no, machine, pid, started)
       select n, $1, $2, $3 from generate_series(1, ${LARGEST_NO}) n
        where not exists (select from lease_holder h where h.no = n) order by n limit 1
       returning no`,
      [own.machine, own.pid, own.started],
    );
    return { holder: rows[0]?.no ?? 0, endedLeases: ended?.[1] ?? 0 };
  });
}

/** A process that ends in order has given its leases back; its number is free again. */
export async function leaveLeaseHolders(dataSource: DataSource, holder: number): Promise<void> {
  await dataSource.query('delete from lease_holder where no = $1', [holder]);
}
