import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What the details of a job show: when an entity could not be read, the failures of a target, and the time of each phase. */
export class JobDetails1795204200000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('alter table run_page add column at timestamptz not null default now()');
    // Failures are few, and looked for in logs of millions.
    await runner.query(`create index entity_log_failed on entity_log (run_key) where result = 'failed'`);
    // One row for each type and step of a system in a run. Phases of several systems go on side by side.
    await runner.query(`
      create table run_phase (
        run_key bigint not null,
        system_id int not null,
        type smallint not null,
        phase text not null check (phase in ('read', 'write', 'delete')),
        started_at timestamptz not null default now(),
        ended_at timestamptz,
        retries int not null default 0,
        primary key (run_key, system_id, type, phase)
      )`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop table run_phase');
    await runner.query('drop index entity_log_failed');
    await runner.query('alter table run_page drop column at');
  }
}
