import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Stored changes with their plans, and the books of the governor (PLN, GOV, UNK rules). */
export class Plans1795205000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    for (const statement of STATEMENTS) await runner.query(statement);
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const statement of REVERSED) await runner.query(statement);
  }
}

const STATEMENTS = [
  // kind: plan (a run that sent nothing) | held (what the governor kept back in a run).
  `create table plan (
     plan_no bigint generated always as identity primary key,
     id uuid not null unique default gen_random_uuid(),
     run_key bigint not null,
     source_id int not null,
     source_name text not null,
     kind text not null,
     author text,
     facet text,
     created_at timestamptz not null default now(),
     completed_at timestamptz,
     expires_at timestamptz not null default now() + interval '7 days',
     hash bytea,
     unique (run_key, kind))`,
  'create index plan_source on plan (source_id, plan_no)',

  // The state moves by the table in core/plan/states.ts only. standing: the change keeps its pair from being written although it is
  // decided (rejected, expired) or waits (held, approved), until the data of the pair moves (GOV-8).
  `create table change (
     change_no bigint generated always as identity primary key,
     plan_no bigint not null references plan on delete cascade,
     run_key bigint not null,
     source_id int not null,
     target_id int not null,
     type smallint not null,
     entity_no bigint not null,
     source_key text collate "C" not null,
     target_key text collate "C",
     verb text not null,
     class text not null,
     attributes text[] not null default '{}',
     risks text[] not null default '{}',
     facet text,
     state text not null,
     standing boolean not null default false,
     presence smallint not null,
     entity_hash bytea,
     link_version bigint,
     target_hash bytea,
     source_program int not null,
     target_program int not null,
     cause text,
     content bytea,
     digest bytea not null,
     reason text,
     first_approved_by text,
     decided_by text,
     decided_at timestamptz,
     ended_at timestamptz)`,
  `create unique index change_one_open on change (target_id, entity_no) where state in ('planned', 'held', 'approved')`,
  'create unique index change_one_standing on change (target_id, entity_no) where standing',
  `create index change_open_source on change (source_id, target_id, type) where state in ('planned', 'held', 'approved') or standing`,
  'create index change_plan on change (plan_no, change_no)',

  // Who has decided what, in the order it was decided.
  `create table plan_decision (
     plan_no bigint not null references plan on delete cascade,
     at timestamptz not null default now(),
     decision text not null,
     decided_by text not null,
     filter json not null,
     comment text not null default '',
     changes int not null)`,
  'create index plan_decision_plan on plan_decision (plan_no, at)',

  // Budget used, by the hour and by run (0: outside of runs). What a single pair has of it stands in its own row, so that a process that
  // dies between reserving and sending reserves nothing twice.
  'drop table governor_use',
  `create table governor_use (
     target_id int not null, type smallint not null, class text not null, hour timestamptz not null, run_key bigint not null default 0,
     used int not null, primary key (target_id, type, class, hour, run_key))`,
  'alter table backlog add column held_class text, add column granted json',
  'alter table absence add column granted_at timestamptz, add column granted_class text',

  // The logged results "Held": one array for each target and type (STA-10).
  `create table run_held (
     run_key bigint not null, target_id int not null, type smallint not null, entity_nos bigint[] not null,
     primary key (run_key, target_id, type))`,
];

const REVERSED = [
  'drop table run_held',
  'alter table absence drop column granted_at, drop column granted_class',
  'alter table backlog drop column held_class, drop column granted',
  'drop table governor_use',
  'create table governor_use (target_id int not null, type smallint not null, class text not null, hour timestamptz not null, used int not null, primary key (target_id, type, class, hour))',
  'drop table plan_decision',
  'drop table change',
  'drop table plan',
];
