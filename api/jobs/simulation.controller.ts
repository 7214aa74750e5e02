import { Readable } from 'node:stream';
import { Controller, Get, Inject, Param, Query, Res, StreamableFile } from '@nestjs/common';
import { ApiBearerAuth, ApiProduces, ApiTags } from '@nestjs/swagger';
import type { Response } from 'express';
import { AdminOnly } from '../common/access.js';
import { Documented } from '../common/documented.js';
import { jsonOf } from '../common/export.js';
import { csvOfSimulation } from './export-simulation.js';
import { jobIdParameter } from './jobs.schemas.js';
import { simulation, simulationExportQuery, simulationQuery } from './simulation.schemas.js';
import type { SimulationExportQuery, SimulationList, SimulationQuery } from './simulation.schemas.js';
import { SimulationService } from './simulation.service.js';

const jobId = { schema: jobIdParameter };
const problems = { 404: 'There is no such job', 409: 'The job is not a Simulate job' };

@ApiTags('Jobs')
@ApiBearerAuth()
@AdminOnly()
@Controller('jobs/:jobId/simulation')
export class SimulationController {
  constructor(@Inject(SimulationService) private readonly simulations: SimulationService) {}

  @Get()
  @Documented({
    summary: 'List what a Simulate job has found',
    description: 'One row for each entity and target: what a Resync would do, and why.',
    response: simulation,
    problems,
  })
  list(
    @Param('jobId', jobId) id: string,
    @Query({ schema: simulationQuery }) query: SimulationQuery,
  ): Promise<SimulationList> {
    return this.simulations.list(id, query);
  }

  @Get('export')
  @ApiProduces('text/csv', 'application/json')
  @Documented({
    summary: 'Download what a Simulate job has found',
    description: 'CSV: one line for each entity and target; with values one for each attribute.',
    problems,
  })
  async export(
    @Param('jobId', jobId) id: string,
    @Query({ schema: simulationExportQuery }) query: SimulationExportQuery,
    @Res({ passthrough: true }) response: Response,
  ): Promise<StreamableFile> {
    // Asked before the answer begins, so that a job that does not fit is a problem and no broken file.
    await this.simulations.require(id);
    const { format } = query;
    const portions = this.simulations.portions(id, query);
    const type = format === 'csv' ? 'text/csv; charset=utf-8' : 'application/json; charset=utf-8';
    response.setHeader('content-disposition', `attachment; filename="simulation-${id}.${format}"`);
    return new StreamableFile(Readable.from(format === 'csv' ? csvOfSimulation(portions) : jsonOf(portions)), { type });
  }
}
