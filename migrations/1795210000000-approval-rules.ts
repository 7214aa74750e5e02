import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What is approved without a person, and match reports (PLN-13, PLN-14). */
export class ApprovalRules1795210000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    for (const statement of STATEMENTS) await runner.query(statement);
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const statement of REVERSED) await runner.query(statement);
  }
}

const STATEMENTS = [
  // Never changed: changes name the version that has approved them.
  `create table approval_rules (
     source_id int not null references system (no) on delete cascade,
     version int not null,
     rules json not null,
     comment text not null,
     saved_by text not null,
     saved_at timestamptz not null default now(),
     primary key (source_id, version))`,
  // Who has approved is a person or a rule, never both.
  'alter table change add column rule_name text, add column rule_version int',
  'alter table plan_decision alter column decided_by drop not null, add column rule_name text, add column rule_version int',
  // plan_first: the job was asked for as one that sends, and stops at its plan because its source wants that. match: null as the targets need.
  'alter table run add column plan_first boolean not null default false, add column match boolean',
  // adopt | create | ambiguous | invisible; null outside of match reports.
  `alter table change add column match text, add column match_by text[] not null default '{}', add column match_note text`,
  // Two plans are two pieces of work: each may wait to be applied.
  'drop index run_one_queued',
  `create unique index run_one_queued on run (source_id, kind, coalesce(plan_no, 0)) where state = 'queued'`,
];

const REVERSED = [
  'drop index run_one_queued',
  `create unique index run_one_queued on run (source_id, kind) where state = 'queued'`,
  'alter table change drop column match, drop column match_by, drop column match_note',
  'alter table run drop column plan_first, drop column match',
  'alter table plan_decision drop column rule_name, drop column rule_version',
  `delete from plan_decision where decided_by is null`,
  'alter table plan_decision alter column decided_by set not null',
  'alter table change drop column rule_name, drop column rule_version',
  'drop table approval_rules',
];
