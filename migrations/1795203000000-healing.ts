import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What is known of failures of a pair, people that are left alone, and when a target may be asked. */
export class Healing1795203000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    for (const statement of STATEMENTS) await runner.query(statement);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop table quarantine, target_permit');
    await runner.query('alter table backlog drop failed_at, drop read_at, drop tried_at');
    await runner.query(
      `alter table target_gate drop recent, drop breaker, drop opened_at, drop cause, drop reason, drop probes, drop next_probe_at,
         drop probe_until, drop stage, drop passed, drop rate_next_at`,
    );
  }
}

const STATEMENTS = [
  // failed_at: first failure since the data changed. read_at: when healing read the entity last. tried_at: when healing looked at the row last.
  'alter table backlog add failed_at timestamptz, add read_at timestamptz, add tried_at timestamptz',
  // Until now every run tried what was deferred; so does the first round of healing.
  'update backlog set next_at = now(), failed_at = now() where state = 2 and next_at is null',
  `create table quarantine (
     target_id int not null,
     entity_no bigint not null,
     note text not null,
     author text not null,
     at timestamptz not null default now(),
     primary key (target_id, entity_no))`,
  // recent: the last 40 results since the first bad one, one letter each. breaker: null (closed), open or trial. stage: requests of a trial.
  `alter table target_gate
     alter closed_until set default 'epoch',
     add recent text not null default '',
     add breaker text,
     add opened_at timestamptz,
     add cause text,
     add reason text,
     add probes int not null default 0,
     add next_probe_at timestamptz,
     add probe_until timestamptz,
     add stage int not null default 0,
     add passed int not null default 0,
     add rate_next_at timestamptz`,
  // One row for each request that a target with a limit may have in flight.
  `create table target_permit (
     target_id int not null,
     slot int not null,
     until timestamptz not null default 'epoch',
     primary key (target_id, slot)) with (fillfactor = 50)`,
];
