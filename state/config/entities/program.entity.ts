import { Column, Entity, JoinColumn, ManyToOne, PrimaryColumn } from 'typeorm';
import { SystemEntity } from './system.entity.js';

/**
 * One program number of a source's read program or a target's write program (engine.md §6). Numbers only grow, also when an
 * administrator goes back to an earlier transformation: what was written under a higher number is never overwritten under a lower.
 */
@Entity('program')
export class ProgramEntity {
  @PrimaryColumn({ name: 'system_no', type: 'int', primaryKeyConstraintName: 'program_pkey' })
  systemNo!: number;

  @PrimaryColumn({ name: 'number', type: 'int', primaryKeyConstraintName: 'program_pkey' })
  number!: number;

  /** Keyed hash of the fingerprints of all compiled types: may derive from secrets, so it is never a plain hash. */
  @Column({ name: 'fingerprint', type: 'bytea' })
  fingerprint!: Buffer;

  @Column({ name: 'created_at', type: 'timestamptz', default: () => 'now()' })
  createdAt!: Date;

  @ManyToOne(() => SystemEntity, { onDelete: 'CASCADE' })
  @JoinColumn({ name: 'system_no', foreignKeyConstraintName: 'program_system_fkey' })
  system?: unknown;
}
