import { Check, Column, Entity, PrimaryColumn } from 'typeorm';

/** The one row that makes this database an installation; the migration inserts it. */
@Entity('installation')
@Check('installation_one_row_check', `"one"`)
@Check('installation_job_log_days_check', `"job_log_days" in (7, 14, 30)`)
@Check('installation_content_log_days_check', `"content_log_days" between 1 and 30`)
export class InstallationEntity {
  @PrimaryColumn({ name: 'one', type: 'boolean', default: true, primaryKeyConstraintName: 'installation_pkey' })
  one!: boolean;

  @Column({ name: 'id', type: 'uuid' })
  id!: string;

  /** Compared with the epoch file beside the master key: a difference means a restored backup (architecture.md §9). */
  @Column({ name: 'epoch', type: 'uuid' })
  epoch!: string;

  /** Root of all derived keys, sealed by the keyring; null until the first process that holds the master key starts. */
  @Column({ name: 'sealed_root_key', type: 'bytea', nullable: true })
  sealedRootKey!: Buffer | null;

  /** Authority that issues the outbound certificates of systems, PEM; null until the first of them (CRT-1). */
  @Column({ name: 'authority_certificate', type: 'text', nullable: true })
  authorityCertificate!: string | null;

  /** Its private key, sealed by the keyring. */
  @Column({ name: 'sealed_authority_key', type: 'bytea', nullable: true })
  sealedAuthorityKey!: Buffer | null;

  /** Days for which the log of a job is kept after its end (RET-1). */
  @Column({ name: 'job_log_days', type: 'smallint', default: 7 })
  jobLogDays!: number;

  /** Days for which contents of traced entities are kept (RET-4); null: as long as the log of their job. */
  @Column({ name: 'content_log_days', type: 'smallint', nullable: true })
  contentLogDays!: number | null;

  @Column({ name: 'created_at', type: 'timestamptz', default: () => 'now()' })
  createdAt!: Date;
}
