import { Body, Controller, Get, HttpCode, Inject, Param, Post, Put } from '@nestjs/common';
import { ApiBearerAuth, ApiTags } from '@nestjs/swagger';
import type { ProbeReport } from '../../connectors/probe-report.js';
import { AdminOnly } from '../common/access.js';
import { Documented } from '../common/documented.js';
import { systemIdParameter } from '../common/paging.schemas.js';
import { ProbeService } from './probe.service.js';
import { probeBody, probeReport, profileBody, profileView } from './profile.schemas.js';
import type { ProbeBody, ProfileBody, ProfileView } from './profile.schemas.js';
import { ProfileService } from './profile.service.js';

const problems = { 404: 'There is no such system', 409: 'Systems of this type have none' };
const systemId = { schema: systemIdParameter };

@ApiTags('Profiles')
@ApiBearerAuth()
@AdminOnly()
@Controller('systems/:systemId')
export class ProfileController {
  constructor(
    @Inject(ProfileService) private readonly profiles: ProfileService,
    @Inject(ProbeService) private readonly probes: ProbeService,
  ) {}

  @Get('profile')
  @Documented({
    summary: 'Read what this back end does otherwise than others of its type',
    response: profileView,
    problems,
  })
  read(@Param('systemId', systemId) id: string): Promise<ProfileView> {
    return this.profiles.read(id);
  }

  @Put('profile')
  @Documented({
    summary: 'Replace it',
    description: 'Stored as a property of the system. An empty object means: like all others of its type.',
    response: profileView,
    problems: { ...problems, 422: 'A field that is not known, or a value that does not fit' },
  })
  replace(
    @Param('systemId', systemId) id: string,
    @Body({ schema: profileBody }) body: ProfileBody,
  ): Promise<ProfileView> {
    return this.profiles.replace(id, body);
  }

  @Post('probe')
  @HttpCode(200)
  @Documented({
    summary: 'Find out what the back end really does, against what it says about itself',
    description:
      'Takes some seconds. Judges by what is there afterwards, not by answers. Changes nothing unless "write" is true; then it makes and removes one test user and one test group.',
    response: probeReport,
    problems: {
      ...problems,
      422: 'The saved properties do not lead to the back end',
      502: 'The back end cannot be reached, or refuses the credentials',
    },
  })
  probe(@Param('systemId', systemId) id: string, @Body({ schema: probeBody }) body: ProbeBody): Promise<ProbeReport> {
    return this.probes.probe(id, body.write);
  }
}
