import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Three-valued reads: who was unknown in a run and why (arrays, no row for an entity), the sizes of earlier reads, what a guard said of a
 * type, and what an administrator has accepted for one job.
 */
export class UnknownEntities1795212000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    for (const statement of STATEMENTS) await runner.query(statement);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('alter table source_state drop column known_filter, drop column known_version');
    await runner.query('alter table run_page drop column unknown_members');
    await runner.query('alter table run_type drop column guard, drop column usual_size');
    await runner.query('alter table run drop column accepts');
    for (const table of ['read_size', 'run_unknown_count', 'run_unknown']) await runner.query(`drop table ${table}`);
  }
}

const STATEMENTS = [
  // Numbers in order, at most so many in each part that a page of the list opens one or two of them.
  'create table run_unknown (run_key bigint not null, type smallint not null, cause text not null, part int not null, entity_nos bigint[] not null, primary key (run_key, type, cause, part))',
  'create table run_unknown_count (run_key bigint not null, type smallint not null, cause text not null, count int not null, primary key (run_key, type, cause))',
  'create table read_size (source_id int not null, type smallint not null, run_key bigint not null, delivered int not null, primary key (source_id, type, run_key))',
  // guard: none | emptyRead | sizeGuard | configurationChanged; null until somebody has asked.
  'alter table run_type add column guard text, add column usual_size int',
  // Groups whose members the source did not tell (UNK-5).
  "alter table run_page add column unknown_members bigint[] not null default '{}'",
  'alter table run add column accepts json',
  // What decided about the last successful full read, and the API version it was made with.
  'alter table source_state add column known_filter bytea, add column known_version text',
];
