import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * The index of target ids knows linked pairs only. For a target that the statistics do not know yet it looked as good as the primary key to
 * statements that ask for entities, which then read every link of the target for each of them.
 */
export class LinkTargetKey1795215001000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('drop index link_target_key');
    await runner.query(
      'create index link_target_key on link (target_id, type, target_key) where target_key is not null',
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop index link_target_key');
    await runner.query('create index link_target_key on link (target_id, type, target_key)');
  }
}
