import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * What traced entities contain (TRC-9), which settings of the content properties are in force (TRC-2), and for how long contents are kept
 * (RET-4).
 */
export class TracedContent1795225000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    // One row for each content property that is on. Every setting has a version of its own: a job switches off the very one it has used.
    await runner.query(`
      create table content_switch (
        system_no int not null constraint content_switch_system_fkey references system (no) on delete cascade,
        name text not null,
        version bigint not null generated always as identity,
        set_at timestamptz not null default now(),
        constraint content_switch_pkey primary key (system_no, name))`);
    // Content properties that the run uses, with their versions; null: it records no content.
    await runner.query('alter table run add column traced json');
    await runner.query('create index run_traced on run (ended_at) where traced is not null');
    await runner.query(`
      create table traced_content (
        run_key bigint not null,
        system_id int not null,
        type smallint not null,
        result text not null,
        entity_no bigint not null,
        place text not null,
        content bytea not null,
        constraint traced_content_pkey primary key (run_key, result, system_id, type, entity_no, place))`);
    // Deflated and encrypted already: nothing is gained by trying once more.
    await runner.query('alter table traced_content alter column content set storage external');
    await runner.query(
      'alter table installation add column content_log_days smallint constraint installation_content_log_days_check check (content_log_days between 1 and 30)',
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('alter table installation drop column content_log_days');
    await runner.query('drop table traced_content');
    await runner.query('alter table run drop column traced');
    await runner.query('drop table content_switch');
  }
}
