import { Entity, Index, JoinColumn, ManyToOne, PrimaryColumn } from 'typeorm';
import { SystemEntity } from './system.entity.js';

/** One line of a target's list of sources; only in force while the target's selection is `list`. */
@Entity('system_source')
@Index('system_source_source_idx', ['sourceNo'])
export class SystemSourceEntity {
  @PrimaryColumn({ name: 'target_no', type: 'int', primaryKeyConstraintName: 'system_source_pkey' })
  targetNo!: number;

  @PrimaryColumn({ name: 'source_no', type: 'int', primaryKeyConstraintName: 'system_source_pkey' })
  sourceNo!: number;

  @ManyToOne(() => SystemEntity, { onDelete: 'CASCADE' })
  @JoinColumn({ name: 'target_no', foreignKeyConstraintName: 'system_source_target_fkey' })
  target?: unknown;

  @ManyToOne(() => SystemEntity, { onDelete: 'CASCADE' })
  @JoinColumn({ name: 'source_no', foreignKeyConstraintName: 'system_source_source_fkey' })
  source?: unknown;
}
