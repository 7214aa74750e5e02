import { Check, Column, Entity, JoinColumn, ManyToOne, PrimaryColumn } from 'typeorm';
import { SystemEntity } from './system.entity.js';

/** One property of a system: plain text in `value`, or a credential sealed by the keyring in `sealed` (CRD-1, CRD-2). */
@Entity('system_property')
@Check('system_property_kind_check', `("value" is null) <> ("sealed" is null)`)
export class SystemPropertyEntity {
  @PrimaryColumn({ name: 'system_no', type: 'int', primaryKeyConstraintName: 'system_property_pkey' })
  systemNo!: number;

  @PrimaryColumn({ name: 'name', type: 'text', primaryKeyConstraintName: 'system_property_pkey' })
  name!: string;

  @Column({ name: 'value', type: 'text', nullable: true })
  value!: string | null;

  @Column({ name: 'sealed', type: 'bytea', nullable: true })
  sealed!: Buffer | null;

  @ManyToOne(() => SystemEntity, { onDelete: 'CASCADE' })
  @JoinColumn({ name: 'system_no', foreignKeyConstraintName: 'system_property_system_fkey' })
  system?: unknown;
}
