import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Jobs that plan, and jobs that apply what was approved (PLN-3, PLN-9). */
export class PlanRuns1795205001000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    // The plan that a job applies.
    await runner.query('alter table run add column plan_no bigint');
    // Planned by a Resync: all attributes are written, whatever the hashes say (CHG-6).
    await runner.query('alter table change add column forced boolean not null default false');
    await runner.query(
      `create index change_approved on change (plan_no, target_id, type, entity_no) where state = 'approved'`,
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop index change_approved');
    await runner.query('alter table change drop column forced');
    await runner.query('alter table run drop column plan_no');
  }
}
