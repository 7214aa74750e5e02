import { Controller, Get, Inject, Res } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { Response } from 'express';
import { Public } from '../common/access.js';
import { Documented } from '../common/documented.js';
import { liveness, readiness } from './health.schemas.js';
import type { Liveness, Readiness } from './health.schemas.js';
import { HealthService } from './health.service.js';

@ApiTags('Health')
@Public()
@Controller('health')
export class HealthController {
  constructor(@Inject(HealthService) private readonly health: HealthService) {}

  @Get('live')
  @Documented({ summary: 'Is the process alive?', response: liveness })
  live(): Liveness {
    return { status: 'alive' };
  }

  @Get('ready')
  @Documented({
    summary: 'Can the process serve?',
    description:
      '`degraded` (200): Temporal is away, everything but starting jobs works. `unready` (503): the database is away.',
    response: readiness,
    problems: { 503: 'Body as for 200, with status unready' },
  })
  async ready(@Res({ passthrough: true }) response: Response): Promise<Readiness> {
    const state = await this.health.readiness();
    response.status(state.status === 'unready' ? 503 : 200);
    return state;
  }
}
