import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Retention of job logs (RET-1, RET-2) and the ids of recorded entities (DWN-4). A run whose log is deleted is hidden at once and removed soon
 * after; its row stays while a plan, a streak of failures or the governor still refers to it (RET-3).
 */
export class JobLogs1795223002000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(
      'alter table installation add column job_log_days smallint not null default 7 constraint installation_job_log_days_check check (job_log_days in (7, 14, 30))',
    );
    await runner.query('alter table run add column is_log_deleted boolean not null default false');
    await runner.query('create index run_ended on run (ended_at) where not is_log_deleted');
    await runner.query('create index run_log_deleted on run (run_key) where is_log_deleted');
    // Filled for failures and where trace properties ask for records: the link, or the entity, may be gone when somebody looks.
    await runner.query('alter table entity_log add column source_key text, add column target_key text');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('alter table entity_log drop column source_key, drop column target_key');
    await runner.query('drop index run_ended, run_log_deleted');
    await runner.query('alter table run drop column is_log_deleted');
    await runner.query('alter table installation drop column job_log_days');
  }
}
