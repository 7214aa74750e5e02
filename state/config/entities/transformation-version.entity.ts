import { Column, Entity, JoinColumn, ManyToOne, PrimaryColumn } from 'typeorm';
import type { JsonObject } from '../../../core/json.js';
import { SystemEntity } from './system.entity.js';

/** One saved transformation; the highest version is in force, version 1 is the default of the type (SYS-6). Never changed. */
@Entity('transformation_version')
export class TransformationVersionEntity {
  @PrimaryColumn({ name: 'system_no', type: 'int', primaryKeyConstraintName: 'transformation_version_pkey' })
  systemNo!: number;

  @PrimaryColumn({ name: 'version', type: 'int', primaryKeyConstraintName: 'transformation_version_pkey' })
  version!: number;

  /** `json`, not `jsonb`: the order of keys that the administrator wrote survives. */
  @Column({ name: 'document', type: 'json' })
  document!: JsonObject;

  @Column({ name: 'description', type: 'text', default: '' })
  description!: string;

  @Column({ name: 'modified_by', type: 'text' })
  modifiedBy!: string;

  @Column({ name: 'modified_at', type: 'timestamptz', default: () => 'now()' })
  modifiedAt!: Date;

  @ManyToOne(() => SystemEntity, { onDelete: 'CASCADE' })
  @JoinColumn({ name: 'system_no', foreignKeyConstraintName: 'transformation_version_system_fkey' })
  system?: unknown;
}
