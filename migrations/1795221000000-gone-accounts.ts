import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * `link.gone_at`: since when the target is known to have no such account, while its new creation waits for somebody's approval or for the
 * source. Nobody may be written as a member by an id that does not exist.
 */
export class GoneAccounts1795221000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('alter table link add column gone_at timestamptz');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('alter table link drop column gone_at');
  }
}
