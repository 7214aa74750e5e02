import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Schedules of sources, and what became of their points (SCH-1 to SCH-10). */
export class Schedule1795200300000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table schedule (
        source_no int primary key references "system" ("no") on delete cascade,
        spec json not null,
        enabled boolean not null,
        anchor_at timestamptz not null default now(),
        checked_at timestamptz not null default now(),
        revision int not null default 1,
        updated_at timestamptz not null default now()
      )`);
    await runner.query(`
      create table schedule_point (
        source_no int not null references "system" ("no") on delete cascade,
        at timestamptz not null,
        outcome text not null check (outcome in ('started', 'skipped')),
        reason text,
        primary key (source_no, at)
      )`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop table schedule_point, schedule');
  }
}
