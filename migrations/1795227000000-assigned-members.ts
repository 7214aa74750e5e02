import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Members that the platform has put into groups which others have made (CONN-CORE-12), by the ids of the target. Committed before the request that
 * adds them; there are some only in targets of whose groups nothing but members is written.
 */
export class AssignedMembers1795227000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(
      `create table assigned_member (target_id int not null, group_key text collate "C" not null, member_key text collate "C" not null,
                                     primary key (target_id, group_key, member_key))`,
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop table assigned_member');
  }
}
