import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Keyed hashes about the attribute that a target generates and that is stored in the source (ORD-12): what the source was last seen with, what
 * the target returned last, and the common JSON without the attribute. `echo_from`, `echo_to`: hashes of two common JSONs that differ by
 * the attribute alone. Only targets with the property have rows.
 */
export class WriteBack1795214000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(
      `create table write_back (
         target_id int not null, entity_no bigint not null, source_hash bytea, target_hash bytea,
         bare_hash bytea, echo_from bytea, echo_to bytea, primary key (target_id, entity_no))`,
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop table write_back');
  }
}
