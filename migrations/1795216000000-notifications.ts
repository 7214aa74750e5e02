import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Who is told of the jobs of a source, what is remembered for that, and the mails that wait to be sent (NTF, GOV-7). */
export class Notifications1795216000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    for (const statement of STATEMENTS) await runner.query(statement);
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const statement of REVERSED) await runner.query(statement);
  }
}

const STATEMENTS = [
  // topics: see core/notifications/topics.ts.
  `create table notification_recipient (
     recipient_no bigint generated always as identity primary key,
     id uuid not null unique default gen_random_uuid(),
     source_id int not null,
     name text not null,
     email text not null,
     topics text[] not null,
     added_by text not null,
     added_at timestamptz not null default now())`,
  'create unique index notification_recipient_email on notification_recipient (source_id, lower(email))',

  // A source without a row never had anything to tell. failed_half, failing_since and failed_run are of the last failed job, of the first
  // one of the streak, and of the last one. told_at: the last mail about the streak was due. held_told: the newest held change that was told.
  `create table notification_state (
     source_id int primary key,
     streak int not null default 0,
     inter_sent boolean not null default false,
     fail_sent boolean not null default false,
     failed_half text,
     failing_since timestamptz,
     failed_run bigint,
     told_at timestamptz,
     held_told bigint not null default 0)`,

  // The first failed entity of the run was noticed (NTF-12).
  'alter table run add column failure_noted boolean not null default false',

  // What recipients are told of, once for each run and kind; a reminder belongs to no run. facts: names of systems, counts, ids.
  `create table mail_event (
     event_no bigint generated always as identity primary key,
     source_id int not null,
     run_key bigint,
     kind text not null,
     facts json not null,
     at timestamptz not null default now(),
     unique (run_key, kind))`,
  'create index mail_event_source on mail_event (source_id, event_no)',
  'create index mail_event_at on mail_event (at)',

  // One message. state: waiting | sending | sent | undeliverable. due_at: of a waiting one when it is offered, of one that is being sent
  // when that began.
  `create table mail (
     event_no bigint not null references mail_event on delete cascade,
     recipient_no bigint not null,
     name text not null,
     email text not null,
     state text not null default 'waiting',
     attempts int not null default 0,
     due_at timestamptz not null default now(),
     last_error text,
     ended_at timestamptz,
     primary key (event_no, recipient_no))`,
  `create index mail_open on mail (due_at) where state in ('waiting', 'sending')`,
  'create index mail_recipient on mail (recipient_no)',
];

const REVERSED = [
  'drop table mail',
  'drop table mail_event',
  'alter table run drop column failure_noted',
  'drop table notification_state',
  'drop table notification_recipient',
];
