import { Body, Controller, Get, HttpCode, Inject, Param, Post, Put, Query, Res, StreamableFile } from '@nestjs/common';
import { ApiBearerAuth, ApiProduces, ApiTags } from '@nestjs/swagger';
import type { Response } from 'express';
import { AdminOnly } from '../common/access.js';
import { Documented } from '../common/documented.js';
import { jobIdParameter } from '../jobs/jobs.schemas.js';
import {
  allLogsQuery,
  deletedLogs,
  deleteLogsBody,
  entityLogQuery,
  logSettings,
  logTypeParameter,
  publicLogQuery,
} from './logs.schemas.js';
import type {
  AllLogsQuery,
  DeletedLogs,
  DeleteLogs,
  EntityLogQuery,
  LogSettings,
  LogType,
  PublicLogQuery,
} from './logs.schemas.js';
import { LogsService } from './logs.service.js';
import type { LogDownload } from './logs.service.js';

const jobId = { schema: jobIdParameter };
const problems = { 404: 'There is no such job', 409: 'The job is not over' };

@ApiTags('Job logs')
@ApiBearerAuth()
@AdminOnly()
@Controller()
export class LogsController {
  constructor(@Inject(LogsService) private readonly logs: LogsService) {}

  @Get('jobs/:jobId/logs/:logType')
  @ApiProduces('application/zip')
  @Documented({
    summary: 'Download a log of a job',
    description:
      'A ZIP with what the job was and how it ended, or with its failed, skipped, created, updated or deleted entities. Failures are always recorded, ' +
      'the others if the trace property of the source was on when the job started: else the ZIP is empty. What they contained is shown, without ' +
      'secrets, if its content property was on, too; else it is hidden.',
    problems,
  })
  async ofJob(
    @Param('jobId', jobId) id: string,
    @Param('logType', { schema: logTypeParameter }) logType: LogType,
    @Query({ schema: entityLogQuery }) query: EntityLogQuery,
    @Res({ passthrough: true }) response: Response,
  ): Promise<StreamableFile> {
    return sent(await this.logs.ofJob(id, logType, query), response);
  }

  @Get('job-logs')
  @ApiProduces('application/zip')
  @Documented({
    summary: 'Download the common logs of all jobs',
    description: 'A ZIP with one file for each job, newest first, 3000 in a part.',
    problems: { 404: 'There is no such part' },
  })
  async ofAllJobs(
    @Query({ schema: allLogsQuery }) { part }: AllLogsQuery,
    @Res({ passthrough: true }) response: Response,
  ): Promise<StreamableFile> {
    const { hasMore, ...download } = await this.logs.ofAllJobs(part);
    if (hasMore) response.links({ next: `/api/v1/job-logs?part=${part + 1}` });
    return sent(download, response);
  }

  @Get('job-logs/settings')
  @Documented({ summary: 'Read for how long job logs are kept', response: logSettings })
  settings(): Promise<LogSettings> {
    return this.logs.settings();
  }

  @Put('job-logs/settings')
  @Documented({
    summary: 'Change for how long job logs are kept',
    description:
      'Logs of jobs that ended earlier are deleted within minutes, with the records of their entities. What entities contained can be deleted sooner ' +
      '(contentRetentionDays); left out, it is kept as long as the log.',
    response: logSettings,
  })
  saveSettings(@Body({ schema: logSettings }) body: LogSettings): Promise<LogSettings> {
    return this.logs.saveSettings(body);
  }

  @Post('job-logs/delete')
  @HttpCode(200)
  @Documented({
    summary: 'Delete the logs of all finished jobs',
    description: 'Running, queued and paused jobs keep theirs. Links, marks, plans and notifications are not affected.',
    response: deletedLogs,
    problems: { 409: 'The confirmation is not right' },
  })
  deleteAll(@Body({ schema: deleteLogsBody }) body: DeleteLogs): Promise<DeletedLogs> {
    return this.logs.deleteAll(body);
  }
}

/** The address that clients of the reference use (DWN-6). */
@ApiTags('Job logs')
@ApiBearerAuth()
@AdminOnly()
@Controller('ips/service/publicapi/v1/jobLogs')
export class PublicLogsController {
  constructor(@Inject(LogsService) private readonly logs: LogsService) {}

  @Get(':jobId')
  @ApiProduces('application/zip')
  @Documented({ summary: 'Download a log of a job, as clients of the reference do', problems })
  async ofJob(
    @Param('jobId', jobId) id: string,
    @Query({ schema: publicLogQuery }) { logType }: PublicLogQuery,
    @Res({ passthrough: true }) response: Response,
  ): Promise<StreamableFile> {
    return sent(await this.logs.ofJob(id, logType, { format: 'text' }), response);
  }
}

function sent({ fileName, zip }: LogDownload, response: Response): StreamableFile {
  response.attachment(fileName);
  return new StreamableFile(zip, { type: 'application/zip' });
}
