import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Private networks with edge workers (CONN-CORE-90). */
export class EdgeLocations1795226000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    // public_key: X25519, raw; its edge workers share the private half.
    await runner.query(
      `create table edge_location (
         id text primary key,
         public_key bytea not null,
         created_by text not null,
         created_at timestamptz not null default now())`,
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop table edge_location');
  }
}
