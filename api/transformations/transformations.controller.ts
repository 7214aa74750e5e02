import { Body, Controller, Get, HttpCode, Inject, Param, Post, Put, Query } from '@nestjs/common';
import { ApiBearerAuth, ApiTags } from '@nestjs/swagger';
import type { Principal } from '../auth/auth.service.js';
import { Caller } from '../auth/principal.js';
import { AdminOnly } from '../common/access.js';
import { Documented } from '../common/documented.js';
import { systemIdParameter } from '../common/paging.schemas.js';
import {
  checkResult,
  checkTransformationBody,
  saveTransformationBody,
  savedTransformation,
  transformationView,
  versionList,
  versionParameter,
  versionQuery,
} from './transformations.schemas.js';
import type {
  CheckResult,
  CheckTransformation,
  SaveTransformation,
  SavedTransformation,
  TransformationView,
  VersionList,
  VersionQuery,
} from './transformations.schemas.js';
import { TransformationsService } from './transformations.service.js';

const systemId = { schema: systemIdParameter };
const problems = { 404: 'There is no such system' };

@ApiTags('Transformations')
@ApiBearerAuth()
@AdminOnly()
@Controller('systems/:systemId/transformation')
export class TransformationsController {
  constructor(@Inject(TransformationsService) private readonly transformations: TransformationsService) {}

  @Get()
  @Documented({ summary: 'Read the transformation in force', response: transformationView, problems })
  read(@Param('systemId', systemId) id: string): Promise<TransformationView> {
    return this.transformations.read(id);
  }

  @Put()
  @Documented({
    summary: 'Save a new version of the transformation',
    description: 'It is compiled with the properties of the system and is in force from the next run on.',
    response: savedTransformation,
    problems: { ...problems, 409: 'Another version is in force than baseVersion', 422: 'It does not compile' },
  })
  save(
    @Param('systemId', systemId) id: string,
    @Body({ schema: saveTransformationBody }) body: SaveTransformation,
    @Caller() caller: Principal,
  ): Promise<SavedTransformation> {
    return this.transformations.save(id, body, caller);
  }

  @Post('check')
  @HttpCode(200)
  @Documented({ summary: 'Compile a transformation without saving it', response: checkResult, problems })
  check(
    @Param('systemId', systemId) id: string,
    @Body({ schema: checkTransformationBody }) body: CheckTransformation,
  ): Promise<CheckResult> {
    return this.transformations.check(id, body.transformation);
  }

  @Get('versions')
  @Documented({ summary: 'List the versions, newest first', response: versionList, problems })
  versions(
    @Param('systemId', systemId) id: string,
    @Query({ schema: versionQuery }) query: VersionQuery,
  ): Promise<VersionList> {
    return this.transformations.listVersions(id, query);
  }

  @Get('versions/:version')
  @Documented({
    summary: 'Read one version',
    response: transformationView,
    problems: { 404: 'There is no such system or version' },
  })
  version(
    @Param('systemId', systemId) id: string,
    @Param('version', { schema: versionParameter }) version: number,
  ): Promise<TransformationView> {
    return this.transformations.read(id, version);
  }
}
