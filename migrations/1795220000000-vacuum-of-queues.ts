import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * `backlog` is a queue: after a first load all of its rows are dead, and whoever looks for the next one steps over each of them until they are
 * vacuumed. By the default that waits for a fifth of the table to be dead, however large it once was.
 */
export class VacuumOfQueues1795220000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(
      'alter table backlog set (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000, autovacuum_vacuum_cost_delay = 0)',
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(
      'alter table backlog reset (autovacuum_vacuum_scale_factor, autovacuum_vacuum_threshold, autovacuum_vacuum_cost_delay)',
    );
  }
}
