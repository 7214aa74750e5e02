import type { MigrationInterface, QueryRunner } from 'typeorm';

/** How often the read of a type broke off and began again, for sources whose positions end with their connection. */
export class InterruptedReads1795206000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('alter table run_type add column interruptions smallint not null default 0');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('alter table run_type drop column interruptions');
  }
}
