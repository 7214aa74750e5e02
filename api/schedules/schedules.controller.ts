import { Body, Controller, Delete, Get, HttpCode, Inject, Param, Put } from '@nestjs/common';
import { ApiBearerAuth, ApiTags } from '@nestjs/swagger';
import { AdminOnly } from '../common/access.js';
import { Documented } from '../common/documented.js';
import { systemIdParameter } from '../common/paging.schemas.js';
import { putScheduleBody, scheduleView } from './schedules.schemas.js';
import type { PutSchedule, ScheduleView } from './schedules.schemas.js';
import { SchedulesService } from './schedules.service.js';

const systemId = { schema: systemIdParameter };
const problems = { 404: 'There is no such source, or it has no schedule' };

@ApiTags('Schedules')
@ApiBearerAuth()
@AdminOnly()
@Controller('systems/:systemId/schedule')
export class SchedulesController {
  constructor(@Inject(SchedulesService) private readonly schedules: SchedulesService) {}

  @Get()
  @Documented({ summary: 'Read the schedule of a source with its next ten points', response: scheduleView, problems })
  read(@Param('systemId', systemId) id: string): Promise<ScheduleView> {
    return this.schedules.read(id);
  }

  @Put()
  @Documented({
    summary: 'Set the schedule of a source',
    description: 'Read jobs, every so many minutes or on days of the week at a time. One schedule for each source.',
    response: scheduleView,
    problems,
  })
  put(
    @Param('systemId', systemId) id: string,
    @Body({ schema: putScheduleBody }) body: PutSchedule,
  ): Promise<ScheduleView> {
    return this.schedules.put(id, body);
  }

  @Delete()
  @HttpCode(204)
  @Documented({ summary: 'Remove the schedule of a source', status: 204, problems })
  remove(@Param('systemId', systemId) id: string): Promise<void> {
    return this.schedules.remove(id);
  }
}
