import { Body, Controller, Get, HttpCode, Inject, Param, Post, Query } from '@nestjs/common';
import { ApiBearerAuth, ApiTags } from '@nestjs/swagger';
import type { Principal } from '../auth/auth.service.js';
import { Caller } from '../auth/principal.js';
import { AdminOnly } from '../common/access.js';
import { Documented } from '../common/documented.js';
import { systemIdParameter } from '../common/paging.schemas.js';
import {
  gateView,
  quarantineBody,
  releaseBody,
  retryAnswer,
  retryBody,
  waitingList,
  waitingQuery,
} from './waiting.schemas.js';
import type {
  GateBody,
  QuarantineBody,
  ReleaseBody,
  RetryAnswer,
  RetryBody,
  WaitingList,
  WaitingQuery,
} from './waiting.schemas.js';
import { WaitingService } from './waiting.service.js';

const systemId = { schema: systemIdParameter };
const problems = { 404: 'There is no such target, source or entity' };

@ApiTags('Healing')
@ApiBearerAuth()
@AdminOnly()
@Controller('systems/:systemId')
export class WaitingController {
  constructor(@Inject(WaitingService) private readonly waiting: WaitingService) {}

  @Get('gate')
  @Documented({
    summary: 'Tell whether a target may be asked',
    description: 'State of its circuit breaker with the reason and the next probe, and how many entities wait.',
    response: gateView,
    problems,
  })
  gate(@Param('systemId', systemId) id: string): Promise<GateBody> {
    return this.waiting.gate(id);
  }

  @Get('waiting')
  @Documented({
    summary: 'List entities that wait for a target',
    description: 'Why each waits, when it is tried next, and what can be done.',
    response: waitingList,
    problems,
  })
  list(
    @Param('systemId', systemId) id: string,
    @Query({ schema: waitingQuery }) query: WaitingQuery,
  ): Promise<WaitingList> {
    return this.waiting.list(id, query);
  }

  @Post('waiting/retry')
  @HttpCode(202)
  @Documented({
    summary: 'Retry now',
    description:
      'One entity, a class, or whatever the filter matches. Tried within moments unless a job runs; held and quarantined entities stay.',
    status: 202,
    response: retryAnswer,
    problems,
  })
  retry(@Param('systemId', systemId) id: string, @Body({ schema: retryBody }) body: RetryBody): Promise<RetryAnswer> {
    return this.waiting.retry(id, body);
  }

  @Post('waiting/quarantine')
  @HttpCode(204)
  @Documented({
    summary: 'Put one entity in quarantine',
    description:
      'Jobs, deletions and healing leave it alone in this target until it is released; it counts as Skipped.',
    status: 204,
    problems,
  })
  quarantine(
    @Param('systemId', systemId) id: string,
    @Body({ schema: quarantineBody }) body: QuarantineBody,
    @Caller() caller: Principal,
  ): Promise<void> {
    return this.waiting.quarantine(id, body, caller);
  }

  @Post('waiting/release')
  @HttpCode(204)
  @Documented({ summary: 'Release an entity from quarantine', status: 204, problems })
  release(@Param('systemId', systemId) id: string, @Body({ schema: releaseBody }) body: ReleaseBody): Promise<void> {
    return this.waiting.release(id, body);
  }
}
