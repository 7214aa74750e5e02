import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Runs in which an entity has failed (NTF-12). A row of its own and not a column of `run`: whoever stores a failure holds that row shared, and two
 * of them that want to change it would wait for each other.
 */
export class RunFailure1795216001000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('create table run_failure (run_key bigint primary key)');
    await runner.query('insert into run_failure (run_key) select run_key from run where failure_noted');
    await runner.query('alter table run drop column failure_noted');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('alter table run add column failure_noted boolean not null default false');
    await runner.query('update run set failure_noted = true where run_key in (select run_key from run_failure)');
    await runner.query('drop table run_failure');
  }
}
