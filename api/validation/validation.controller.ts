import { Body, Controller, Get, HttpCode, Inject, Param, Post, Res, StreamableFile } from '@nestjs/common';
import { ApiBearerAuth, ApiProduces, ApiTags } from '@nestjs/swagger';
import type { Response } from 'express';
import type { Principal } from '../auth/auth.service.js';
import { Caller } from '../auth/principal.js';
import { AdminOnly } from '../common/access.js';
import { Documented } from '../common/documented.js';
import { systemIdParameter } from '../common/paging.schemas.js';
import { validateBody, validationIdParameter, validationList } from './validation.schemas.js';
import type { ValidateBody, ValidationList } from './validation.schemas.js';
import { ValidationService } from './validation.service.js';
import type { ValidationFile } from './validation.service.js';

const systemId = { schema: systemIdParameter };

@ApiTags('Transformations')
@ApiBearerAuth()
@AdminOnly()
@Controller('systems/:systemId/validations')
export class ValidationController {
  constructor(@Inject(ValidationService) private readonly validations: ValidationService) {}

  @Post()
  @HttpCode(200)
  @ApiProduces('application/zip')
  @Documented({
    summary: 'Validate the transformations of a source and its targets with CSV files',
    description:
      'Maps up to 10 users and 10 groups as for creating them, in every connected enabled target. No back end is asked, nothing is changed. ' +
      'Gives a ZIP: a CSV for each target and type, and trace.log with who failed or was skipped. It is kept for 24 hours for its administrator.',
    problems: {
      404: 'There is no such source',
      409: 'No enabled target is connected',
      422: 'A transformation does not compile',
    },
  })
  async validate(
    @Param('systemId', systemId) id: string,
    @Body({ schema: validateBody }) body: ValidateBody,
    @Caller() caller: Principal,
    @Res({ passthrough: true }) response: Response,
  ): Promise<StreamableFile> {
    const result = await this.validations.validate(id, body, caller.userName);
    response.location(`/api/v1/systems/${id}/validations/${result.id}`);
    return download(result, response);
  }

  @Get()
  @Documented({
    summary: 'List my results of Validate',
    description: 'Those of the last 24 hours, newest first.',
    response: validationList,
    problems: { 404: 'There is no such source' },
  })
  list(@Param('systemId', systemId) id: string, @Caller() caller: Principal): Promise<ValidationList> {
    return this.validations.list(id, caller.userName);
  }

  @Get(':validationId')
  @ApiProduces('application/zip')
  @Documented({ summary: 'Download a result of Validate', problems: { 404: 'There is no such result of mine' } })
  async find(
    @Param('systemId', systemId) id: string,
    @Param('validationId', { schema: validationIdParameter }) validationId: string,
    @Caller() caller: Principal,
    @Res({ passthrough: true }) response: Response,
  ): Promise<StreamableFile> {
    return download(await this.validations.find(id, validationId, caller.userName), response);
  }
}

function download({ fileName, zip }: ValidationFile, response: Response): StreamableFile {
  response.attachment(fileName);
  return new StreamableFile(zip, { type: 'application/zip' });
}
