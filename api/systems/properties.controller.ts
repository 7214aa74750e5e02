import { Body, Controller, Get, Inject, Param, Patch, Put } from '@nestjs/common';
import { ApiBearerAuth, ApiTags } from '@nestjs/swagger';
import { AdminOnly } from '../common/access.js';
import { Documented } from '../common/documented.js';
import { systemIdParameter } from '../common/paging.schemas.js';
import { PropertiesService } from './properties.service.js';
import { changePropertiesBody, propertiesView, replacePropertiesBody } from './systems.schemas.js';
import type { ChangeProperties, PropertiesView, ReplaceProperties } from './systems.schemas.js';

const problems = {
  404: 'There is no such system',
  422: 'Invalid values, credentials missing after a change of URL or host, or a transformation that cannot use them',
};
const systemId = { schema: systemIdParameter };

@ApiTags('Properties')
@ApiBearerAuth()
@AdminOnly()
@Controller('systems/:systemId/properties')
export class PropertiesController {
  constructor(@Inject(PropertiesService) private readonly properties: PropertiesService) {}

  @Get()
  @Documented({
    summary: 'Read the properties; credentials are masked',
    response: propertiesView,
    problems: { 404: problems[404] },
  })
  read(@Param('systemId', systemId) id: string): Promise<PropertiesView> {
    return this.properties.read(id);
  }

  @Put()
  @Documented({ summary: 'Replace the properties', response: propertiesView, problems })
  replace(
    @Param('systemId', systemId) id: string,
    @Body({ schema: replacePropertiesBody }) body: ReplaceProperties,
  ): Promise<PropertiesView> {
    return this.properties.replace(id, body);
  }

  @Patch()
  @Documented({ summary: 'Change single properties', response: propertiesView, problems })
  change(
    @Param('systemId', systemId) id: string,
    @Body({ schema: changePropertiesBody }) body: ChangeProperties,
  ): Promise<PropertiesView> {
    return this.properties.change(id, body);
  }
}
