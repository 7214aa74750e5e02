import type { MigrationInterface, QueryRunner } from 'typeorm';

const PAIR = `
  create or replace view "connected_pair" as
    select s."no" as "source_id", t."no" as "target_id", s."enabled" and t."enabled" as "enabled"PAUSED
      from "system" t
      join "system" s on s."role" = 'source'
     where t."role" = 'target'
       and (t."source_selection" = 'all'
            or (t."source_selection" = 'list'
                and exists (select from "system_source" l where l."target_no" = t."no" and l."source_no" = s."no")))`;

/** Targets that are paused for maintenance: jobs collect what is to be written, and nothing is sent. */
export class TargetPause1795204100000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('alter table "system" add column "paused_at" timestamptz');
    await runner.query(PAIR.replace('PAUSED', ', t."paused_at" is not null as "paused"'));
    // How a target left a run: an error counts against the job, a pause does not.
    await runner.query('alter table run_target add column ended_by_pause boolean not null default false');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('alter table run_target drop column ended_by_pause');
    await runner.query('drop view "connected_pair"');
    await runner.query(PAIR.replace('PAUSED', ''));
    await runner.query('alter table "system" drop column "paused_at"');
  }
}
