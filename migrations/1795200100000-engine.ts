import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Tables of the engine: intake, backlog, drains, absence, runs. Hot rows are narrow, bodies stand apart; `source_id` and `target_id`
 * hold `system.no`. Nothing here references `system`: removing a system removes its rows by name (state/config/pairs.ts).
 */
export class Engine1795200100000 implements MigrationInterface {
  name = 'Engine1795200100000';

  async up(runner: QueryRunner): Promise<void> {
    for (const statement of STATEMENTS) await runner.query(statement);
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const table of TABLES) await runner.query(`drop table if exists ${table}`);
    await runner.query('drop sequence if exists read_seq');
    await runner.query('drop sequence if exists lease_token_seq');
  }
}

const TABLES = [
  'entity_log',
  'rt_event',
  'governor_use',
  'target_gate',
  'target_claim',
  'absence',
  'run_skip',
  'run_counter',
  'run_page',
  'run_target',
  'run_type',
  'run_chain',
  'run',
  'source_state',
  'backlog',
  'unresolved_ref',
  'link_member',
  'member',
  'link_body',
  'link',
  'entity_body',
  'entity',
];

const STATEMENTS = [
  // Drawn before a source is asked, so that an older answer never overwrites a newer one.
  'create sequence read_seq',
  'create sequence lease_token_seq',

  // presence: 1 present, 2 skipped by the read condition, 3 absent. native_id only where it differs from source_key.
  `create table entity (
     entity_no bigint generated always as identity primary key,
     source_id int not null,
     type smallint not null,
     source_key text collate "C" not null,
     native_id text collate "C",
     source_hash bytea,
     common_hash bytea,
     program int not null default 0,
     presence smallint not null,
     read_seq bigint not null,
     unique (source_id, type, source_key)
   ) with (fillfactor = 85)`,
  'create table entity_body (entity_no bigint primary key, body bytea not null)',

  // state: 1 linked, 2 skipped by the write condition, 3 creating, 4 released. origin: 1 created, 2 existed before.
  // target_key has a plain index: links of several sources, or of one source in a conflict, may name one target entity.
  `create table link (
     target_id int not null,
     entity_no bigint not null,
     ord smallint not null default 0,
     type smallint not null,
     state smallint not null,
     origin smallint,
     target_key text collate "C",
     common_hash bytea,
     target_hash bytea,
     program int not null default 0,
     out_of_scope boolean not null default false,
     version bigint not null default 0,
     etag text,
     sent_keys bytea,
     sent_at timestamptz,
     primary key (target_id, entity_no, ord)
   ) with (fillfactor = 85)`,
  'create index link_target_key on link (target_id, type, target_key)',
  // Creates under way are few beside the links of a target; whoever meets an existing account asks for the oldest of them.
  'create index link_creating on link (target_id, type) where state = 3',
  'create table link_body (target_id int not null, entity_no bigint not null, ord smallint not null default 0, body bytea not null, primary key (target_id, entity_no, ord))',

  // What the source says, and what we wrote: sets of their own because a group may have 100,000 members.
  'create table member (group_no bigint not null, source_key text collate "C" not null, primary key (group_no, source_key))',
  'create table link_member (target_id int not null, group_no bigint not null, member_no bigint not null, primary key (target_id, group_no, member_no))',
  'create index link_member_member on link_member (target_id, member_no)',
  `create table unresolved_ref (
     target_id int not null, owner_no bigint not null, source_id int not null, type smallint not null,
     source_key text collate "C" not null, primary key (target_id, owner_no, type, source_key))`,

  // One row for each pair (target, entity) that is out of step. state: 1 due, 2 deferred, 3 held, 4 parked, 5 quarantined.
  // No lease column stands in an index: leasing and settling stay HOT updates.
  `create table backlog (
     target_id int not null,
     entity_no bigint not null,
     source_id int not null,
     type smallint not null,
     prio smallint not null default 5,
     reason text not null,
     state smallint not null default 1,
     gen bigint not null default 1,
     force_run bigint,
     forced boolean not null default false,
     late_run bigint,
     seen_run bigint,
     attempts int not null default 0,
     error_class text,
     next_at timestamptz,
     last_run bigint,
     lease_token bigint,
     lease_until timestamptz,
     primary key (target_id, entity_no)
   ) with (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.01)`,
  'create index backlog_order on backlog (target_id, source_id, type, prio, entity_no)',

  `create table source_state (
     source_id int primary key,
     full_read_done boolean not null default false,
     heal_paused boolean not null default false,
     read_program int,
     delta_mark json,
     forced_full_counter int not null default 0,
     filter_fingerprint bytea)`,

  // state: queued | starting | running | finished. run_key never changes; job_ids are its public aliases, the last one is shown.
  `create table run (
     run_key bigint generated always as identity primary key,
     source_id int not null,
     source_name text not null,
     kind text not null,
     mode text,
     state text not null,
     status text,
     owner text,
     job_ids text[] not null,
     trigger_type text not null,
     triggered_by text,
     requested_at timestamptz not null default now(),
     started_at timestamptz,
     ended_at timestamptz,
     heartbeat_at timestamptz,
     cancel_requested boolean not null default false,
     intake_ended boolean not null default false,
     frozen json,
     error_message text,
     outcome text[] not null default '{}')`,
  "create unique index run_one_running on run (source_id) where state in ('starting', 'running')",
  "create unique index run_one_queued on run (source_id, kind) where state = 'queued'",
  'create index run_job_ids on run using gin (job_ids)',
  'create index run_source on run (source_id, run_key)',

  // One fence for each chain of a run: each attempt of an activity raises it, what an older attempt commits is refused.
  'create table run_chain (run_key bigint not null, chain text not null, fence bigint not null, primary key (run_key, chain))',
  // state: reading | complete | incomplete | failed
  `create table run_type (
     run_key bigint not null,
     type smallint not null,
     state text not null,
     read_mode text not null,
     epoch int not null default 0,
     pages int not null default 0,
     cursor json,
     first_read_seq bigint,
     last_page_at timestamptz,
     total bigint,
     drift text,
     rereads int not null default 0,
     cause text,
     watermark json,
     marked_absent boolean not null default false,
     primary key (run_key, type))`,
  `create table run_page (
     run_key bigint not null, epoch int not null, type smallint not null, page_no int not null,
     seen bigint[] not null, skipped bigint[] not null,
     failed_count int not null default 0, failed_keys text[] not null default '{}', failures json,
     primary key (run_key, type, epoch, page_no))`,
  // ended_reason set: this target takes no further part in this run (ORD-7).
  "create table run_target (run_key bigint not null, target_id int not null, ended_reason text, late_types smallint[] not null default '{}', planned boolean not null default false, primary key (run_key, target_id))",
  `create table run_counter (
     run_key bigint not null, system_id int not null, type smallint not null, action text not null,
     read_count bigint not null default 0, created bigint not null default 0, updated bigint not null default 0,
     deleted bigint not null default 0, skipped bigint not null default 0, failed bigint not null default 0,
     held bigint not null default 0, primary key (run_key, system_id, type, action))`,
  // The logged results "Skipped" of entities that needed no attempt: one array for each page and target.
  'create table run_skip (run_key bigint not null, target_id int not null, type smallint not null, page_no int not null, entity_nos bigint[] not null, primary key (run_key, target_id, type, page_no))',

  // cause: notSeen | skipped | outOfScope. outcome null: still to do.
  `create table absence (
     run_key bigint not null, target_id int not null, type smallint not null, entity_no bigint not null, cause text not null,
     confirmed_at timestamptz, outcome text, primary key (run_key, target_id, entity_no))`,
  'create table target_claim (target_id int not null, type smallint not null, target_key text collate "C" not null, token bigint not null, until timestamptz not null, primary key (target_id, type, target_key))',
  'create table target_gate (target_id int primary key, closed_until timestamptz not null, closed_since timestamptz, shares int)',
  'create table governor_use (target_id int not null, type smallint not null, class text not null, hour timestamptz not null, used int not null, primary key (target_id, type, class, hour))',
  `create table rt_event (
     event_id uuid primary key, source_id int not null, type smallint not null, source_key text collate "C" not null,
     received_at timestamptz not null default now(), state text not null, body bytea)`,

  // One row for each attempt that had a result. Dropped by the day.
  `create table entity_log (
     at timestamptz not null default now(),
     run_key bigint,
     source_id int not null,
     target_id int not null,
     type smallint not null,
     entity_no bigint not null,
     operation text not null,
     result text not null,
     code text,
     message text,
     duration_ms int not null default 0
   ) partition by range (at)`,
  'create index entity_log_entity on entity_log (entity_no, at)',
  'create index entity_log_run on entity_log (run_key, target_id, type, entity_no)',
  'create table entity_log_default partition of entity_log default',
];
