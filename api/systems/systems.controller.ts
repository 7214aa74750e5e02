import { Body, Controller, Delete, Get, HttpCode, Inject, Param, Patch, Post, Query, Res } from '@nestjs/common';
import { ApiBearerAuth, ApiTags } from '@nestjs/swagger';
import type { Response } from 'express';
import { AdminOnly } from '../common/access.js';
import { Documented } from '../common/documented.js';
import { systemIdParameter } from '../common/paging.schemas.js';
import { ConnectionTestService } from './connection-test.service.js';
import {
  connectionReport,
  createSystemBody,
  createdSystem,
  deletedSystem,
  systemList,
  systemPage,
  systemQuery,
  systemView,
  updateSystemBody,
} from './systems.schemas.js';
import type {
  CreateSystem,
  CreatedSystem,
  DeletedSystem,
  SystemList,
  SystemPage,
  SystemQuery,
  SystemView,
  UpdateSystem,
} from './systems.schemas.js';
import type { ConnectionReport } from '../../connectors/contract.js';
import { SystemsService } from './systems.service.js';

const UNKNOWN_SYSTEM = 'There is no such system';
const systemId = { schema: systemIdParameter };

@ApiTags('Systems')
@ApiBearerAuth()
@AdminOnly()
@Controller('systems')
export class SystemsController {
  constructor(
    @Inject(SystemsService) private readonly systems: SystemsService,
    @Inject(ConnectionTestService) private readonly connectionTests: ConnectionTestService,
  ) {}

  @Get()
  @Documented({ summary: 'List systems: enabled ones first, then by name', response: systemList })
  list(@Query({ schema: systemQuery }) query: SystemQuery): Promise<SystemList> {
    return this.systems.list(query);
  }

  @Post()
  @Documented({
    summary: 'Create a system',
    description: 'It starts enabled, with the predefined properties and the default transformation of its type.',
    status: 201,
    response: createdSystem,
    problems: {
      409: 'The name is in use, or the maximum number of systems is reached',
      422: 'Unknown type, wrong role, unknown source, or invalid properties',
    },
  })
  async create(
    @Body({ schema: createSystemBody }) body: CreateSystem,
    @Res({ passthrough: true }) response: Response,
  ): Promise<CreatedSystem> {
    const system = await this.systems.create(body);
    response.location(`/api/v1/systems/${system.id}`);
    return system;
  }

  @Get(':systemId')
  @Documented({ summary: 'Read a system', response: systemPage, problems: { 404: UNKNOWN_SYSTEM } })
  read(@Param('systemId', systemId) id: string): Promise<SystemPage> {
    return this.systems.readPage(id);
  }

  @Patch(':systemId')
  @Documented({
    summary: 'Change name, description or connected sources',
    response: systemView,
    problems: { 404: UNKNOWN_SYSTEM, 409: 'The name is in use', 422: 'Unknown source, or sources given for a source' },
  })
  update(
    @Param('systemId', systemId) id: string,
    @Body({ schema: updateSystemBody }) body: UpdateSystem,
  ): Promise<SystemView> {
    return this.systems.update(id, body);
  }

  @Delete(':systemId')
  @Documented({
    summary: 'Delete a system with its operational data',
    description: 'Entities in the back ends are not touched. Job logs stay.',
    response: deletedSystem,
    problems: { 404: UNKNOWN_SYSTEM, 409: 'A job of it runs or waits' },
  })
  delete(@Param('systemId', systemId) id: string): Promise<DeletedSystem> {
    return this.systems.delete(id);
  }

  @Get(':systemId/targets')
  @Documented({
    summary: 'List the targets that a source feeds',
    description: 'Look at it before deleting a source: the source leaves the lists of these targets.',
    response: systemList,
    problems: { 404: UNKNOWN_SYSTEM, 422: 'The system is not a source' },
  })
  targets(@Param('systemId', systemId) id: string): Promise<SystemList> {
    return this.systems.listTargets(id);
  }

  @Post(':systemId/enable')
  @HttpCode(200)
  @Documented({ summary: 'Enable a system', response: systemView, problems: { 404: UNKNOWN_SYSTEM } })
  enable(@Param('systemId', systemId) id: string): Promise<SystemView> {
    return this.systems.setEnabled(id, true);
  }

  @Post(':systemId/disable')
  @HttpCode(200)
  @Documented({ summary: 'Disable a system', response: systemView, problems: { 404: UNKNOWN_SYSTEM } })
  disable(@Param('systemId', systemId) id: string): Promise<SystemView> {
    return this.systems.setEnabled(id, false);
  }

  @Post(':systemId/pause')
  @HttpCode(200)
  @Documented({
    summary: 'Pause a target for its maintenance',
    description:
      'Nothing is sent to it; jobs go on for the other targets and collect what is to be written to this one. Requests under way may end.',
    response: systemView,
    problems: { 404: UNKNOWN_SYSTEM, 422: 'The system is not a target' },
  })
  pause(@Param('systemId', systemId) id: string): Promise<SystemView> {
    return this.systems.setPaused(id, true);
  }

  @Post(':systemId/resume')
  @HttpCode(200)
  @Documented({
    summary: 'End the pause of a target',
    description: 'The next job writes what has collected.',
    response: systemView,
    problems: { 404: UNKNOWN_SYSTEM, 422: 'The system is not a target' },
  })
  resume(@Param('systemId', systemId) id: string): Promise<SystemView> {
    return this.systems.setPaused(id, false);
  }

  @Post(':systemId/test-connection')
  @HttpCode(200)
  @Documented({
    summary: 'Test the connection with the saved properties',
    description:
      'Checks URL, TLS, authentication and read permission. Never writes. Answers 200 with ok=false when a check fails.',
    response: connectionReport,
    problems: { 404: UNKNOWN_SYSTEM },
  })
  testConnection(@Param('systemId', systemId) id: string): Promise<ConnectionReport> {
    return this.connectionTests.test(id);
  }
}
