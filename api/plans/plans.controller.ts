import { Readable } from 'node:stream';
import { Body, Controller, Get, HttpCode, Inject, Param, Post, Query, Res, StreamableFile } from '@nestjs/common';
import { ApiBearerAuth, ApiProduces, ApiTags } from '@nestjs/swagger';
import type { Response } from 'express';
import type { Principal } from '../auth/auth.service.js';
import { Caller } from '../auth/principal.js';
import { AdminOnly } from '../common/access.js';
import { Documented } from '../common/documented.js';
import { jsonOf } from '../common/export.js';
import { jobView } from '../jobs/jobs.schemas.js';
import type { JobBody } from '../jobs/jobs.schemas.js';
import { csvOf } from './export-changes.js';
import {
  applyBody,
  changeIdParameter,
  changeList,
  changeQuery,
  changeView,
  decisionBody,
  decisionResult,
  exportQuery,
  liveQuery,
  planDetails,
  planIdParameter,
  planList,
  planQuery,
  sampleQuery,
} from './plans.schemas.js';
import type {
  ApplyBody,
  ChangeBody,
  ChangeList,
  ChangeQuery,
  DecisionAnswer,
  DecisionBody,
  ExportQuery,
  LiveQuery,
  PlanDetails,
  PlanList,
  PlanQuery,
  SampleQuery,
} from './plans.schemas.js';
import { PlansService } from './plans.service.js';

const planId = { schema: planIdParameter };
const problems = { 404: 'There is no such plan' };
const decisionProblems = { ...problems, 409: 'The plan is not complete or has expired, or nothing could be decided' };

@ApiTags('Plans')
@ApiBearerAuth()
@AdminOnly()
@Controller('plans')
export class PlansController {
  constructor(@Inject(PlansService) private readonly plans: PlansService) {}

  @Get()
  @Documented({ summary: 'List plans, newest first', response: planList, problems })
  list(@Query({ schema: planQuery }) query: PlanQuery): Promise<PlanList> {
    return this.plans.list(query);
  }

  @Get(':planId')
  @Documented({
    summary: 'Read a plan',
    description: 'With counts by state, verb, target, type, attribute and facet, and the decisions about it.',
    response: planDetails,
    problems,
  })
  read(@Param('planId', planId) id: string): Promise<PlanDetails> {
    return this.plans.read(id);
  }

  @Get(':planId/changes')
  @Documented({ summary: 'List the changes of a plan', response: changeList, problems })
  changes(
    @Param('planId', planId) id: string,
    @Query({ schema: changeQuery }) query: ChangeQuery,
  ): Promise<ChangeList> {
    return this.plans.changes(id, query);
  }

  @Get(':planId/sample')
  @Documented({ summary: 'Some changes of each verb, at random', response: changeList, problems })
  sample(@Param('planId', planId) id: string, @Query({ schema: sampleQuery }) query: SampleQuery): Promise<ChangeList> {
    return this.plans.sample(id, query);
  }

  @Get(':planId/export')
  @ApiProduces('text/csv', 'application/json')
  @Documented({
    summary: 'Export the changes of a plan with their values',
    description: 'CSV: one line for each attribute of each change.',
    problems,
  })
  async export(
    @Param('planId', planId) id: string,
    @Query({ schema: exportQuery }) query: ExportQuery,
    @Res({ passthrough: true }) response: Response,
  ): Promise<StreamableFile> {
    const { format, ...filter } = query;
    // Asked before the answer begins, so that a plan that does not exist is a problem and no broken file.
    await this.plans.read(id);
    const portions = this.plans.portions(id, filter);
    const type = format === 'csv' ? 'text/csv; charset=utf-8' : 'application/json; charset=utf-8';
    response.setHeader('content-disposition', `attachment; filename="plan-${id}.${format}"`);
    return new StreamableFile(Readable.from(format === 'csv' ? csvOf(portions) : jsonOf(portions)), { type });
  }

  @Get(':planId/changes/:changeId')
  @Documented({
    summary: 'Read a change with its values',
    response: changeView,
    problems: { ...problems, 503: 'The target could not be read' },
  })
  change(
    @Param('planId', planId) id: string,
    @Param('changeId', { schema: changeIdParameter }) changeId: string,
    @Query({ schema: liveQuery }) query: LiveQuery,
  ): Promise<ChangeBody> {
    return this.plans.change(id, changeId, query.live);
  }

  @Post(':planId/approve')
  @HttpCode(200)
  @Documented({
    summary: 'Approve changes',
    description: 'All, by filter, or by ids. Nothing is sent: apply does that.',
    response: decisionResult,
    problems: decisionProblems,
  })
  approve(
    @Param('planId', planId) id: string,
    @Body({ schema: decisionBody }) body: DecisionBody,
    @Caller() caller: Principal,
  ): Promise<DecisionAnswer> {
    return this.plans.decide(id, 'approve', body, caller);
  }

  @Post(':planId/reject')
  @HttpCode(200)
  @Documented({
    summary: 'Reject changes',
    description: 'What is rejected is left alone until the data of the entity changes.',
    response: decisionResult,
    problems: decisionProblems,
  })
  reject(
    @Param('planId', planId) id: string,
    @Body({ schema: decisionBody }) body: DecisionBody,
    @Caller() caller: Principal,
  ): Promise<DecisionAnswer> {
    return this.plans.decide(id, 'reject', body, caller);
  }

  @Post(':planId/apply')
  @Documented({
    summary: 'Apply the approved changes of a plan',
    description:
      'Starts a job, or queues it. Each change is looked at again: what has moved since the plan is not executed, and says why.',
    status: 201,
    response: jobView,
    problems: {
      ...problems,
      202: 'Queued',
      409: 'The plan is not complete or has expired, the hash is another one, nothing is approved, or the source is disabled',
      503: 'Temporal is away; see Retry-After',
    },
  })
  async apply(
    @Param('planId', planId) id: string,
    @Body({ schema: applyBody }) body: ApplyBody,
    @Caller() caller: Principal,
    @Res({ passthrough: true }) response: Response,
  ): Promise<JobBody> {
    const job = await this.plans.apply(id, body, caller);
    response.status(job.status === 'Queued' ? 202 : 201).location(`/api/v1/jobs/${job.id}`);
    return job;
  }
}
