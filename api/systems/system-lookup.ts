import { Inject, Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import type { EntityManager } from 'typeorm';
import { findSystem, lockConfiguration } from '../../state/config/index.js';
import type { SystemRecord } from '../../state/config/index.js';
import { notFound } from '../common/problem.js';
import { DATA_SOURCE } from '../infrastructure.js';

/** Finds the system that an address names. */
@Injectable()
export class SystemLookup {
  constructor(@Inject(DATA_SOURCE) private readonly dataSource: DataSource) {}

  /** The system with this public id; problem `not-found` otherwise. */
  async require(id: string): Promise<SystemRecord> {
    const system = await findSystem(this.dataSource, id);
    if (system === undefined) throw notFound(`system ${id}`);
    return system;
  }

  /**
   * Begins a change of a system: waits for other changes of the configuration and makes sure it still exists. The order (configuration
   * first, then rows) is the same everywhere, so that two changes never wait for each other.
   */
  async lock(manager: EntityManager, systemNo: number): Promise<void> {
    await lockConfiguration(manager);
    const rows: unknown[] = await manager.query('select no from system where no = $1 for update', [systemNo]);
    if (rows.length === 0) throw notFound('such system any more');
  }
}
