import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What a Simulate job reads and finds: rows of its own, because it may touch nothing that other jobs go by (JOB-8, JOB-9). */
export class Simulation1795211000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    // The source as the job has read it; removed when the job is over. entity_no: the stored entity of the key, if there is one.
    await runner.query(`
      create table simulated_entity (
        sim_no bigint generated always as identity primary key,
        run_key bigint not null,
        type smallint not null,
        source_key text collate "C" not null,
        native_id text collate "C",
        entity_no bigint,
        presence smallint not null,
        epoch int not null,
        common_hash bytea,
        body bytea,
        unique (run_key, type, source_key))`);
    // content is sealed like that of a change. place_no is part of its place: the number of the entity, negative where none is stored.
    // compared: what the target said when it was asked by the unique attributes.
    await runner.query(`
      create table simulated_result (
        run_key bigint not null,
        target_id int not null,
        type smallint not null,
        source_key text collate "C" not null,
        result_no bigint generated always as identity,
        place_no bigint not null,
        target_key text collate "C",
        result text not null,
        operation text not null,
        class text,
        code text,
        reason text,
        attributes text[] not null default '{}',
        risks text[] not null default '{}',
        facet text,
        content bytea,
        compared text,
        at timestamptz not null default now(),
        primary key (run_key, target_id, type, source_key))`);
    await runner.query('create unique index simulated_result_order on simulated_result (run_key, result_no)');
    await runner.query(`
      create table simulated_position (
        run_key bigint not null,
        target_id int not null,
        type smallint not null,
        step text not null check (step in ('write', 'delete', 'compare')),
        after_key text collate "C" not null default '',
        is_over boolean not null default false,
        primary key (run_key, target_id, type, step))`);
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const table of ['simulated_position', 'simulated_result', 'simulated_entity'])
      await runner.query(`drop table ${table}`);
  }
}
