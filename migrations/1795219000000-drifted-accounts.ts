import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * What an account held when an approved change was refused because of it (`seen`), and what a later change of the same pair was made from
 * instead of what we last wrote (`basis`): so that it can be shown, and approved on that state (PLN-10, GOV-8).
 */
export class DriftedAccounts1795219000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('alter table change add column seen bytea, add column basis bytea');
    await runner.query(
      `create index change_drifted on change (target_id, entity_no, change_no) where state = 'drifted' and seen is not null`,
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop index change_drifted');
    await runner.query('alter table change drop column seen, drop column basis');
  }
}
