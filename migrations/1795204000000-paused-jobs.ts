import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What a job needs to be paused and resumed, and to refuse workflows that it was taken from (STP-4 to STP-9). */
export class PausedJobs1795204000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    // is_scheduled stays when a resumed job's trigger becomes IMMEDIATE; waits_until: no worker has to report before, because the run rests.
    await runner.query(`
      alter table run
        add column is_scheduled boolean not null default false,
        add column waits_until timestamptz,
        add column stop_requested_at timestamptz,
        add column past_owners text[] not null default '{}'`);
    await runner.query(`update run set is_scheduled = true where trigger_type = 'REPEAT'`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(
      'alter table run drop column is_scheduled, drop column waits_until, drop column stop_requested_at, drop column past_owners',
    );
  }
}
