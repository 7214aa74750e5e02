import type { MigrationInterface, QueryRunner } from 'typeorm';

/** The results of several target entities of one entity are asked for by entity, too: whether a result of the whole is over. */
export class LogPartsIndex1795222001000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('drop index entity_log_parts');
    await runner.query(
      'create index entity_log_parts on entity_log (run_key, target_id, entity_no) where part is not null',
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop index entity_log_parts');
    await runner.query('create index entity_log_parts on entity_log (run_key) where part is not null');
  }
}
