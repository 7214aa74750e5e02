import { Body, Controller, Get, HttpCode, Inject, Param, Post, Put } from '@nestjs/common';
import { ApiBearerAuth, ApiTags } from '@nestjs/swagger';
import type { Principal } from '../auth/auth.service.js';
import { Caller } from '../auth/principal.js';
import { AdminOnly } from '../common/access.js';
import { Documented } from '../common/documented.js';
import { systemIdParameter } from '../common/paging.schemas.js';
import { dryRunBody, dryRunResult, rulesBody, rulesVersionParameter, rulesView } from './approval-rules.schemas.js';
import type { DryRunBody, DryRunResult, RulesBody, RulesView } from './approval-rules.schemas.js';
import { ApprovalRulesService } from './approval-rules.service.js';

const problems = { 404: 'There is no such source' };
const wrong = { 422: 'Rules that could never fit, or that do what a rule may not; each place is named' };
const systemId = { schema: systemIdParameter };

@ApiTags('Plans')
@ApiBearerAuth()
@AdminOnly()
@Controller('systems/:systemId/approval-rules')
export class ApprovalRulesController {
  constructor(@Inject(ApprovalRulesService) private readonly rules: ApprovalRulesService) {}

  @Get()
  @Documented({ summary: 'Read what is approved without a person', response: rulesView, problems })
  read(@Param('systemId', systemId) id: string): Promise<RulesView> {
    return this.rules.read(id);
  }

  @Put()
  @Documented({
    summary: 'Replace the rules',
    description:
      'They work on jobs of a source that plans first, from the next job on. Each change of a plan says which rule has approved it.',
    response: rulesView,
    problems: { ...problems, ...wrong, 409: 'They were saved since baseVersion' },
  })
  replace(
    @Param('systemId', systemId) id: string,
    @Body({ schema: rulesBody }) body: RulesBody,
    @Caller() caller: Principal,
  ): Promise<RulesView> {
    return this.rules.save(id, body, caller);
  }

  @Get('versions/:version')
  @Documented({ summary: 'Read rules as they were', response: rulesView, problems })
  version(
    @Param('systemId', systemId) id: string,
    @Param('version', { schema: rulesVersionParameter }) version: number,
  ): Promise<RulesView> {
    return this.rules.read(id, version);
  }

  @Post('dry-run')
  @HttpCode(200)
  @Documented({
    summary: 'What rules would have approved of the last plan',
    description: 'Nothing is saved and nothing approved.',
    response: dryRunResult,
    problems: { ...problems, ...wrong, 409: 'There is no plan yet, or its job still runs' },
  })
  dryRun(
    @Param('systemId', systemId) id: string,
    @Body({ schema: dryRunBody }) body: DryRunBody,
  ): Promise<DryRunResult> {
    return this.rules.dryRun(id, body);
  }
}
