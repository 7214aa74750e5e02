import { Controller, Delete, Get, HttpCode, Inject, Param, Post, Query } from '@nestjs/common';
import { ApiBearerAuth, ApiTags } from '@nestjs/swagger';
import { AdminOnly } from '../common/access.js';
import { Documented } from '../common/documented.js';
import { systemIdParameter } from '../common/paging.schemas.js';
import { releasedIdParameter, releasedList, releasedQuery, releasedView } from './released.schemas.js';
import type { ReleasedList, ReleasedQuery, ReleasedView } from './released.schemas.js';
import { ReleasedService } from './released.service.js';

const systemId = { schema: systemIdParameter };
const entryId = { schema: releasedIdParameter };
const REFUSALS = 'It is managed again, a job works on it, the source has it, or the target is disabled';

@ApiTags('No longer managed')
@ApiBearerAuth()
@AdminOnly()
@Controller('systems/:systemId/released')
export class ReleasedController {
  constructor(@Inject(ReleasedService) private readonly released: ReleasedService) {}

  @Get()
  @Documented({
    summary: 'List the entities of a target that are no longer managed, newest first',
    description:
      'Entities that existed before their first provisioning and whose source let them go: they are kept, and nothing looks after them.',
    response: releasedList,
    problems: { 404: 'There is no such target' },
  })
  list(
    @Param('systemId', systemId) id: string,
    @Query({ schema: releasedQuery }) query: ReleasedQuery,
  ): Promise<ReleasedList> {
    return this.released.list(id, query);
  }

  @Post(':entryId/adopt')
  @HttpCode(200)
  @Documented({
    summary: 'Manage an entity again',
    description:
      'Links it as existing before. The next full job decides what becomes of it: with ips.delete.existedbefore.entities it is deleted, without it it is released again, unless the source has it by then.',
    response: releasedView,
    problems: { 404: 'There is no such target or entry', 409: REFUSALS },
  })
  adopt(@Param('systemId', systemId) id: string, @Param('entryId', entryId) entry: number): Promise<ReleasedView> {
    return this.released.adopt(id, entry);
  }

  @Delete(':entryId')
  @HttpCode(204)
  @Documented({
    summary: 'Delete an entity that is no longer managed in the target',
    description: 'The source is asked once more first. This cannot be undone.',
    status: 204,
    problems: {
      404: 'There is no such target or entry',
      409: REFUSALS,
      502: 'The source could not be asked, or the target refused',
      503: 'The target has to be left alone for a moment; see Retry-After',
    },
  })
  delete(@Param('systemId', systemId) id: string, @Param('entryId', entryId) entry: number): Promise<void> {
    return this.released.delete(id, entry);
  }
}
