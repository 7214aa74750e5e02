import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Keyed hashes of the correlation attributes of users, one after the other (EXP-9, STA-14). They stand in the row of the entity: it is
 * written anyway when they change, and a count reads all rows, so that a table and an index of their own would cost every first load and
 * spare nothing.
 */
export class ManagedIdentities1795223001000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('alter table entity add column identities bytea');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('alter table entity drop column identities');
  }
}
