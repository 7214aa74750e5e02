import { Body, Controller, Get, HttpCode, Inject, Param, Post } from '@nestjs/common';
import { ApiBearerAuth, ApiTags } from '@nestjs/swagger';
import { AdminOnly } from '../common/access.js';
import { Documented } from '../common/documented.js';
import { systemIdParameter } from '../common/paging.schemas.js';
import { resetSettingsBody, resetSystemBody, settingsView } from './reset.schemas.js';
import type { ResetSettings, ResetSystem, SettingsView } from './reset.schemas.js';
import { ResetService } from './reset.service.js';
import { systemView } from './systems.schemas.js';
import type { SystemView } from './systems.schemas.js';

const REFUSALS = 'A job runs or waits, or the confirmation is not right';

@ApiTags('Systems')
@ApiBearerAuth()
@AdminOnly()
@Controller()
export class ResetController {
  constructor(@Inject(ResetService) private readonly resets: ResetService) {}

  @Post('systems/:systemId/reset')
  @HttpCode(200)
  @Documented({
    summary: 'Reset a system',
    description:
      'Deletes links, fingerprints, marks and counters. Configuration, schedule, job logs and all entities in the back ends stay. The next job is a full read that finds existing entities again.',
    response: systemView,
    problems: { 404: 'There is no such system', 409: REFUSALS },
  })
  resetSystem(
    @Param('systemId', { schema: systemIdParameter }) systemId: string,
    @Body({ schema: resetSystemBody }) body: ResetSystem,
  ): Promise<SystemView> {
    return this.resets.resetSystem(systemId, body);
  }

  @Get('settings')
  @Documented({ summary: 'Read the settings of the installation', response: settingsView })
  settings(): Promise<SettingsView> {
    return this.resets.settings();
  }

  @Post('settings/reset')
  @HttpCode(204)
  @Documented({
    summary: 'Reset the provisioning settings',
    description:
      'Deletes all systems with their transformations and schedules, and all job logs. Users and tokens stay.',
    status: 204,
    problems: { 409: REFUSALS },
  })
  resetSettings(@Body({ schema: resetSettingsBody }) body: ResetSettings): Promise<void> {
    return this.resets.resetSettings(body);
  }
}
