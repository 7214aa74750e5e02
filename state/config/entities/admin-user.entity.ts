import { Column, Entity, PrimaryColumn } from 'typeorm';

/** Somebody who may use the API. */
@Entity('admin_user')
export class AdminUserEntity {
  @PrimaryColumn({ name: 'name', type: 'text', primaryKeyConstraintName: 'admin_user_pkey' })
  name!: string;

  /** Self-describing scrypt hash; the password itself is stored nowhere. */
  @Column({ name: 'password_hash', type: 'text' })
  passwordHash!: string;

  @Column({ name: 'created_at', type: 'timestamptz', default: () => 'now()' })
  createdAt!: Date;
}
