import { Inject, Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import {
  hasOpenJob,
  loadInstallation,
  lockConfiguration,
  lockEverything,
  removeAllSystems,
  resetSystem,
} from '../../state/config/index.js';
import { requireConfirmation } from '../common/confirmation.js';
import { ProblemError } from '../common/problem.js';
import { DATA_SOURCE } from '../infrastructure.js';
import type { ResetSettings, ResetSystem, SettingsView } from './reset.schemas.js';
import { SystemLookup } from './system-lookup.js';
import { toSystemView } from './system-view.js';
import type { SystemView } from './systems.schemas.js';

/** Going back to the start: one system, or all of them. */
@Injectable()
export class ResetService {
  constructor(
    @Inject(DATA_SOURCE) private readonly dataSource: DataSource,
    @Inject(SystemLookup) private readonly systems: SystemLookup,
  ) {}

  /** Resets a system (RST-1 to RST-7). Problems: `job-running`, `not-confirmed`. */
  async resetSystem(systemId: string, { confirm, keepOrigins }: ResetSystem): Promise<SystemView> {
    const { no, name, role } = await this.systems.require(systemId);
    requireConfirmation(confirm, name, `the name of the system, "${name}"`);
    await this.dataSource.transaction(async (manager) => {
      // Requests for jobs lock the same row, so none can come in between.
      await this.systems.lock(manager, no);
      if (await hasOpenJob(manager, no)) {
        throw new ProblemError('job-running', `a job of ${name} runs or waits: stop it first`);
      }
      await resetSystem(manager, no, { role, keepOrigins });
    });
    return toSystemView(await this.systems.require(systemId));
  }

  /** What {@link resetSettings} wants to be typed. */
  async settings(): Promise<SettingsView> {
    return { tenantName: (await loadInstallation(this.dataSource)).id };
  }

  /** Deletes all systems and job logs (RST-8). Problems: `job-running`, `not-confirmed`. */
  async resetSettings({ confirm }: ResetSettings): Promise<void> {
    const { tenantName } = await this.settings();
    requireConfirmation(confirm, tenantName, 'the tenant name; GET /settings tells it');
    await this.dataSource.transaction(async (manager) => {
      await lockConfiguration(manager);
      if (await lockEverything(manager)) throw new ProblemError('job-running', 'a job runs or waits: stop it first');
      await removeAllSystems(manager);
    });
  }
}
