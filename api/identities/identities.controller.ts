import { Controller, Get, Inject } from '@nestjs/common';
import { ApiBearerAuth, ApiTags } from '@nestjs/swagger';
import type { SqlPool } from '../../state/database.js';
import { countIdentities } from '../../state/identities/count.js';
import type { IdentityCount } from '../../state/identities/count.js';
import { AdminOnly } from '../common/access.js';
import { Documented } from '../common/documented.js';
import { SQL_POOL } from '../infrastructure.js';
import { identityCount } from './identities.schemas.js';

@ApiTags('Jobs')
@ApiBearerAuth()
@AdminOnly()
@Controller('identities')
export class IdentitiesController {
  constructor(@Inject(SQL_POOL) private readonly pool: SqlPool) {}

  @Get()
  @Documented({
    summary: 'Count the managed identities',
    description: 'How many people the users of all sources are, by their correlation attributes. For information only.',
    response: identityCount,
  })
  count(): Promise<IdentityCount> {
    return countIdentities(this.pool);
  }
}
