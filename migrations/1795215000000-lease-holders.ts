import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Which worker process has which lease: the number of the process stands in the token, so that the leases of one that is dead can be found.
 * The process says its number when it connects (`muster.lease_holder`); without one it is 0, and nobody ever takes it for dead.
 */
export class LeaseHolders1795215000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(
      `create table lease_holder (
         no int primary key,
         machine text not null,
         pid int not null,
         started text not null,
         since timestamptz not null default now())`,
    );
    await runner.query(
      `create function next_lease_token() returns bigint language sql volatile as $$
         select nextval('lease_token_seq') * 65536 + coalesce(nullif(current_setting('muster.lease_holder', true), ''), '0')::bigint $$`,
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop function next_lease_token()');
    await runner.query('drop table lease_holder');
  }
}
