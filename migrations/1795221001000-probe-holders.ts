import type { MigrationInterface, QueryRunner } from 'typeorm';

/** `target_gate.probe_token`: whose probe or trial is under way, in the numbers of leases, so that those of a dead process can be found. */
export class ProbeHolders1795221001000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('alter table target_gate add column probe_token bigint');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('alter table target_gate drop column probe_token');
  }
}
