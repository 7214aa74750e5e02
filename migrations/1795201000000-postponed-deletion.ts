import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Since which run a linked entity is on its way out of a target: what a job deletes of earlier ones is told in its outcome (STA-12). The
 * two indexes find who is on the way out without reading everybody who is not.
 */
export class PostponedDeletion1795201000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table postponed_deletion (
        target_id int not null,
        entity_no bigint not null,
        type smallint not null,
        since_run bigint not null,
        primary key (target_id, entity_no)
      )`);
    await runner.query('alter table absence add column postponed boolean not null default false');
    await runner.query('create index entity_not_present on entity (source_id, type) where presence <> 1');
    await runner.query('create index link_out_of_scope on link (target_id, type) where out_of_scope');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop index link_out_of_scope');
    await runner.query('drop index entity_not_present');
    await runner.query('alter table absence drop column postponed');
    await runner.query('drop table postponed_deletion');
  }
}
