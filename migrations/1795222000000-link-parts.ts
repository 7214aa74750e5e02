import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * An entity that is several target entities has a link for each (LNK-3), told apart by the value of the attribute that splits it. Null
 * wherever an entity is one target entity. What a job and a simulation log says the same of its rows.
 */
export class LinkParts1795222000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('alter table link add column part text collate "C"');
    await runner.query('alter table entity_log add column part text collate "C"');
    // Empty in nearly every job, so that nothing is read to know it.
    await runner.query('create index entity_log_parts on entity_log (run_key) where part is not null');
    await runner.query('alter table released_entity add column part text collate "C"');
    await runner.query('alter table absence add column granted_units int not null default 1');
    await runner.query(`alter table simulated_result add column part text collate "C" not null default ''`);
    await replaceKey(runner, 'run_key, target_id, type, source_key, part');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`delete from simulated_result where part <> ''`);
    await replaceKey(runner, 'run_key, target_id, type, source_key');
    await runner.query('drop index entity_log_parts');
    for (const table of ['simulated_result', 'released_entity', 'entity_log', 'link'])
      await runner.query(`alter table ${table} drop column part`);
    await runner.query('alter table absence drop column granted_units');
  }
}

async function replaceKey(runner: QueryRunner, columns: string): Promise<void> {
  await runner.query('alter table simulated_result drop constraint simulated_result_pkey');
  await runner.query(`alter table simulated_result add primary key (${columns})`);
}
