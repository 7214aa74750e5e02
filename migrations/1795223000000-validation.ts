import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Results of Validate runs: a ZIP each, sealed, for the administrator who ran it, for 24 hours (VAL-7, VAL-10). */
export class Validation1795223000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table validation (
        validation_id uuid primary key,
        source_id int not null,
        administrator text not null,
        file_name text not null,
        content bytea not null,
        created_at timestamptz not null default now())`);
    await runner.query('create index validation_owner on validation (source_id, administrator, created_at)');
    await runner.query('create index validation_age on validation (created_at)');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop table validation');
  }
}
