import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Target entities that were ours before a reset which keeps origins (RST-7); a row is used up when the entity is linked again. */
export class KeptOrigin1795200200000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table kept_origin (
        target_id int not null,
        type smallint not null,
        target_key text collate "C" not null,
        source_id int not null,
        primary key (target_id, type, target_key, source_id)
      )`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop table kept_origin');
  }
}
