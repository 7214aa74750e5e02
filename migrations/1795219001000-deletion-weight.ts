import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What a threshold counts of a candidate, where that is not itself: the assignments that a group had when its deletion was planned (DEL-8). */
export class DeletionWeight1795219001000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('alter table absence add column weight int');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('alter table absence drop column weight');
  }
}
