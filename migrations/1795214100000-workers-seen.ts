import type { MigrationInterface, QueryRunner } from 'typeorm';

/** When some worker, busy with another run, was last known to be there: a run that waits for a slot of it is not paused. */
export class WorkersSeen1795214100000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('alter table run add column workers_seen_at timestamptz');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('alter table run drop column workers_seen_at');
  }
}
