import { Body, Controller, Get, HttpCode, Inject, Param, Post, Query, Res, Sse } from '@nestjs/common';
import type { MessageEvent } from '@nestjs/common';
import { ApiBearerAuth, ApiProduces, ApiTags } from '@nestjs/swagger';
import type { Response } from 'express';
import type { Observable } from 'rxjs';
import type { Principal } from '../auth/auth.service.js';
import { Caller } from '../auth/principal.js';
import { AdminOnly } from '../common/access.js';
import { Documented } from '../common/documented.js';
import { systemIdParameter } from '../common/paging.schemas.js';
import {
  jobDetails,
  jobIdParameter,
  jobList,
  jobQuery,
  jobView,
  resultList,
  resultQuery,
  startJobBody,
  statistics,
  unknownList,
  unknownQuery,
} from './jobs.schemas.js';
import type {
  JobBody,
  JobDetails,
  JobList,
  JobQuery,
  ResultList,
  ResultQuery,
  StartJob,
  Statistics,
  UnknownList,
  UnknownQuery,
} from './jobs.schemas.js';
import { JobsService } from './jobs.service.js';

const jobId = { schema: jobIdParameter };
const problems = { 404: 'There is no such job' };

@ApiTags('Jobs')
@ApiBearerAuth()
@AdminOnly()
@Controller()
export class JobsController {
  constructor(@Inject(JobsService) private readonly jobs: JobsService) {}

  @Post('systems/:systemId/jobs')
  @Documented({
    summary: 'Start a job of a source',
    description:
      '201 when it starts at once, 202 when it waits for the running job of the source. At most one job of each type waits: a further request gets that one.',
    status: 201,
    response: jobView,
    problems: {
      202: 'Queued',
      404: 'There is no such source',
      409: 'The source is disabled or not configured, or no enabled target is connected',
      503: 'Temporal is away; see Retry-After',
    },
  })
  async start(
    @Param('systemId', { schema: systemIdParameter }) systemId: string,
    @Body({ schema: startJobBody }) body: StartJob,
    @Caller() caller: Principal,
    @Res({ passthrough: true }) response: Response,
  ): Promise<JobBody> {
    const job = await this.jobs.start(systemId, body, caller);
    response.status(job.status === 'Queued' ? 202 : 201).location(`/api/v1/jobs/${job.id}`);
    return job;
  }

  @Get('jobs')
  @Documented({
    summary: 'List jobs, newest first',
    response: jobList,
    problems: { 404: 'There is no such system or job' },
  })
  list(@Query({ schema: jobQuery }) query: JobQuery): Promise<JobList> {
    return this.jobs.list(query);
  }

  @Get('jobs/:jobId')
  @Documented({ summary: 'Read a job with its statistics', response: jobDetails, problems })
  read(@Param('jobId', jobId) id: string): Promise<JobDetails> {
    return this.jobs.read(id);
  }

  @Get('jobs/:jobId/statistics')
  @Documented({ summary: 'Read the statistics of a job', response: statistics, problems })
  statistics(@Param('jobId', jobId) id: string): Promise<Statistics> {
    return this.jobs.statistics(id);
  }

  @Get('jobs/:jobId/results')
  @Documented({ summary: 'List the results of single entities', response: resultList, problems })
  results(@Param('jobId', jobId) id: string, @Query({ schema: resultQuery }) query: ResultQuery): Promise<ResultList> {
    return this.jobs.results(id, query);
  }

  @Get('jobs/:jobId/unknown')
  @Documented({
    summary: 'List the entities that were neither present nor absent',
    description:
      'By type and cause. Nothing was changed because of them. The lists of the last 30 jobs of a source with unknown entities are kept; older jobs keep their counts.',
    response: unknownList,
    problems,
  })
  unknown(
    @Param('jobId', jobId) id: string,
    @Query({ schema: unknownQuery }) query: UnknownQuery,
  ): Promise<UnknownList> {
    return this.jobs.unknown(id, query);
  }

  @Post('jobs/:jobId/stop')
  @HttpCode(202)
  @Documented({
    summary: 'Stop a job',
    description: 'No request to a back end starts later than one second after. A job that only waits is over at once.',
    status: 202,
    response: jobView,
    problems: { ...problems, 409: 'The job is over' },
  })
  stop(@Param('jobId', jobId) id: string): Promise<JobBody> {
    return this.jobs.stop(id);
  }

  @Sse('jobs/:jobId/events')
  @ApiProduces('text/event-stream')
  @Documented({
    summary: 'Follow a job',
    description: 'Events `progress` and, at last, `end`, each with the job as data; `ping` in between.',
    problems,
  })
  events(@Param('jobId', jobId) id: string): Promise<Observable<MessageEvent>> {
    return this.jobs.events(id);
  }
}
