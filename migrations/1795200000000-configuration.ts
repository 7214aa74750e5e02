import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Systems with their properties, transformations, program numbers and pairs; administrators, tokens, the installation. */
export class Configuration1795200000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table "system" (
        "no" int generated always as identity,
        "id" uuid not null,
        "role" text not null,
        "type_name" text not null,
        "name" text not null,
        "description" text not null default '',
        "enabled" boolean not null default true,
        "source_selection" text,
        "sources_lost_at" timestamptz,
        "created_at" timestamptz not null default now(),
        "updated_at" timestamptz not null default now(),
        constraint "system_pkey" primary key ("no"),
        constraint "system_role_check" check ("role" in ('source', 'target')),
        constraint "system_selection_check" check (("role" = 'target') = ("source_selection" is not null)),
        constraint "system_selection_value_check" check ("source_selection" in ('all', 'list', 'none'))
      )`);
    await runner.query(`create unique index "system_id_key" on "system" ("id")`);
    await runner.query(`create unique index "system_name_key" on "system" (lower(btrim("name")))`);

    await runner.query(`
      create table "system_source" (
        "target_no" int not null,
        "source_no" int not null,
        constraint "system_source_pkey" primary key ("target_no", "source_no"),
        constraint "system_source_target_fkey" foreign key ("target_no") references "system" ("no") on delete cascade,
        constraint "system_source_source_fkey" foreign key ("source_no") references "system" ("no") on delete cascade
      )`);
    await runner.query(`create index "system_source_source_idx" on "system_source" ("source_no")`);

    await runner.query(`
      create table "system_property" (
        "system_no" int not null,
        "name" text not null,
        "value" text,
        "sealed" bytea,
        constraint "system_property_pkey" primary key ("system_no", "name"),
        constraint "system_property_kind_check" check (("value" is null) <> ("sealed" is null)),
        constraint "system_property_system_fkey" foreign key ("system_no") references "system" ("no") on delete cascade
      )`);

    await runner.query(`
      create table "transformation_version" (
        "system_no" int not null,
        "version" int not null,
        "document" json not null,
        "description" text not null default '',
        "modified_by" text not null,
        "modified_at" timestamptz not null default now(),
        constraint "transformation_version_pkey" primary key ("system_no", "version"),
        constraint "transformation_version_system_fkey" foreign key ("system_no") references "system" ("no") on delete cascade
      )`);

    await runner.query(`
      create table "program" (
        "system_no" int not null,
        "number" int not null,
        "fingerprint" bytea not null,
        "created_at" timestamptz not null default now(),
        constraint "program_pkey" primary key ("system_no", "number"),
        constraint "program_system_fkey" foreign key ("system_no") references "system" ("no") on delete cascade
      )`);

    // Who feeds whom (SYS-13): the one place that knows what 'all' and 'list' mean.
    await runner.query(`
      create view "connected_pair" as
        select s."no" as "source_id", t."no" as "target_id", s."enabled" and t."enabled" as "enabled"
          from "system" t
          join "system" s on s."role" = 'source'
         where t."role" = 'target'
           and (t."source_selection" = 'all'
                or (t."source_selection" = 'list'
                    and exists (select from "system_source" l where l."target_no" = t."no" and l."source_no" = s."no")))`);

    // No foreign keys, like all tables the engine writes in bulk: state/config/pairs.ts removes the rows of a deleted system.
    await runner.query(`
      create table "pair_sweep" (
        "source_id" int not null,
        "target_id" int not null,
        "type" smallint not null,
        "after_no" bigint not null default 0,
        constraint "pair_sweep_pkey" primary key ("source_id", "target_id", "type")
      )`);

    await runner.query(`
      create table "admin_user" (
        "name" text not null,
        "password_hash" text not null,
        "created_at" timestamptz not null default now(),
        constraint "admin_user_pkey" primary key ("name")
      )`);

    await runner.query(`
      create table "api_token" (
        "id" uuid not null,
        "user_name" text not null,
        "description" text not null default '',
        "token_hash" bytea not null,
        "created_at" timestamptz not null default now(),
        "expires_at" timestamptz not null,
        "revoked_at" timestamptz,
        constraint "api_token_pkey" primary key ("id"),
        constraint "api_token_user_fkey" foreign key ("user_name") references "admin_user" ("name") on delete cascade
      )`);
    await runner.query(`create unique index "api_token_hash_key" on "api_token" ("token_hash")`);
    await runner.query(`create index "api_token_user_idx" on "api_token" ("user_name")`);

    await runner.query(`
      create table "installation" (
        "one" boolean not null default true,
        "id" uuid not null,
        "epoch" uuid not null,
        "sealed_root_key" bytea,
        "created_at" timestamptz not null default now(),
        constraint "installation_pkey" primary key ("one"),
        constraint "installation_one_row_check" check ("one")
      )`);
    await runner.query(`insert into "installation" ("id", "epoch") values (gen_random_uuid(), gen_random_uuid())`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`drop view "connected_pair"`);
    await runner.query(`
      drop table "installation", "api_token", "admin_user", "pair_sweep", "program", "transformation_version",
                 "system_property", "system_source", "system"`);
  }
}
