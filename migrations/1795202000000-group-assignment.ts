import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Links of accounts that were created without their groups: the groups of the create are still to be assigned (VAR-12). */
export class GroupAssignment1795202000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('alter table link add column groups_due boolean not null default false');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('alter table link drop column groups_due');
  }
}
