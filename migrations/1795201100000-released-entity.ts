import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Target entities that are no longer managed (DEL-22). Apart from the links, because a released link may be used again or forgotten while
 * the target entity is still there and nobody looks after it.
 */
export class ReleasedEntity1795201100000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table released_entity (
        id bigint generated always as identity primary key,
        target_id int not null,
        type smallint not null,
        target_key text collate "C" not null,
        source_id int not null,
        source_key text collate "C" not null,
        native_id text collate "C",
        released_at timestamptz not null default now(),
        unique (target_id, type, target_key)
      )`);
    await runner.query('create index released_entity_target on released_entity (target_id, id)');
    await runner.query('create index released_entity_source on released_entity (source_id)');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop table released_entity');
  }
}
