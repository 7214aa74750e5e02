import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Deletions that the source itself has reported with a page of a delta read (CONN-CORE-46). */
export class ReportedDeletions1795213000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('alter table run_page add column tombstones int not null default 0');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('alter table run_page drop column tombstones');
  }
}
