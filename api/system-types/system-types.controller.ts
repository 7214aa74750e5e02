import { Controller, Get, Inject, Param } from '@nestjs/common';
import { ApiBearerAuth, ApiTags } from '@nestjs/swagger';
import { AdminOnly } from '../common/access.js';
import { Documented } from '../common/documented.js';
import { systemType, systemTypeList, typeNameParameter } from './system-types.schemas.js';
import type { SystemType, SystemTypeList } from './system-types.schemas.js';
import { SystemTypesService } from './system-types.service.js';

@ApiTags('System types')
@ApiBearerAuth()
@AdminOnly()
@Controller('system-types')
export class SystemTypesController {
  constructor(@Inject(SystemTypesService) private readonly types: SystemTypesService) {}

  @Get()
  @Documented({
    summary: 'List system types with their properties and default transformations',
    response: systemTypeList,
  })
  list(): SystemTypeList {
    return this.types.list();
  }

  @Get(':typeName')
  @Documented({
    summary: 'Read a system type',
    response: systemType,
    problems: { 404: 'There is no such system type' },
  })
  read(@Param('typeName', { schema: typeNameParameter }) typeName: string): SystemType {
    return this.types.read(typeName);
  }
}
