import { Check, Column, Entity, Index, PrimaryGeneratedColumn } from 'typeorm';

/** What a system does in provisioning (SYS-1). */
export const SYSTEM_ROLES = ['source', 'target'] as const;
/** One of {@link SYSTEM_ROLES}. */
export type SystemRole = (typeof SYSTEM_ROLES)[number];

/** Which sources feed a target (SYS-13, SYS-14); `none` only arises when the last listed source is deleted or nothing was chosen. */
export const SOURCE_SELECTIONS = ['all', 'list', 'none'] as const;
/** One of {@link SOURCE_SELECTIONS}. */
export type SourceSelection = (typeof SOURCE_SELECTIONS)[number];

/** A configured connector with one role. The unique name (SYS-4) is an expression index that only the migration can describe. */
@Entity('system')
@Index('system_name_key', { synchronize: false })
@Check('system_role_check', `"role" in ('source', 'target')`)
@Check('system_selection_check', `("role" = 'target') = ("source_selection" is not null)`)
@Check('system_selection_value_check', `"source_selection" in ('all', 'list', 'none')`)
export class SystemEntity {
  /** Short identity that the engine's tables use as `source_id` and `target_id`. Never leaves the installation. */
  @PrimaryGeneratedColumn('identity', {
    name: 'no',
    type: 'int',
    generatedIdentity: 'ALWAYS',
    primaryKeyConstraintName: 'system_pkey',
  })
  no!: number;

  /** Public identity (SYS-5). */
  @Index('system_id_key', { unique: true })
  @Column({ name: 'id', type: 'uuid' })
  id!: string;

  @Column({ name: 'role', type: 'text' })
  role!: SystemRole;

  /** `typeName` of the connector descriptor, for example `SCIM System`. */
  @Column({ name: 'type_name', type: 'text' })
  typeName!: string;

  /** Without outer blanks; unique ignoring case (SYS-3, SYS-4). */
  @Column({ name: 'name', type: 'text' })
  name!: string;

  @Column({ name: 'description', type: 'text', default: '' })
  description!: string;

  @Column({ name: 'enabled', type: 'boolean', default: true })
  enabled!: boolean;

  /** Targets only; null for sources. */
  @Column({ name: 'source_selection', type: 'text', nullable: true })
  sourceSelection!: SourceSelection | null;

  /** When the deletion of a source emptied the list of this target (SYS-14); cleared by the next choice of sources. */
  @Column({ name: 'sources_lost_at', type: 'timestamptz', nullable: true })
  sourcesLostAt!: Date | null;

  /** Targets only: since when nothing is sent to it, for its maintenance. */
  @Column({ name: 'paused_at', type: 'timestamptz', nullable: true })
  pausedAt!: Date | null;

  /** *Automatic Regeneration* of its outbound certificate (CRT-5). */
  @Column({ name: 'renews_certificate', type: 'boolean', default: false })
  renewsCertificate!: boolean;

  @Column({ name: 'created_at', type: 'timestamptz', default: () => 'now()' })
  createdAt!: Date;

  @Column({ name: 'updated_at', type: 'timestamptz', default: () => 'now()' })
  updatedAt!: Date;
}
