import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Why entities were skipped without an attempt (SKP-9): one array for each page, target and reason. */
export class SkipReason1795201200000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`alter table run_skip add column reason text not null default ''`);
    await runner.query('alter table run_skip drop constraint run_skip_pkey');
    await runner.query('alter table run_skip add primary key (run_key, target_id, type, page_no, reason)');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('delete from run_skip');
    await runner.query('alter table run_skip drop constraint run_skip_pkey');
    await runner.query('alter table run_skip add primary key (run_key, target_id, type, page_no)');
    await runner.query('alter table run_skip drop column reason');
  }
}
