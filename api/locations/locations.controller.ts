import { Body, Controller, Delete, Get, HttpCode, Inject, Param, Put } from '@nestjs/common';
import { ApiBearerAuth, ApiTags } from '@nestjs/swagger';
import type { Principal } from '../auth/auth.service.js';
import { Caller } from '../auth/principal.js';
import { AdminOnly } from '../common/access.js';
import { Documented } from '../common/documented.js';
import { locationBody, locationList, locationParameter, locationView } from './locations.schemas.js';
import type { LocationBody, LocationList, LocationView } from './locations.schemas.js';
import { LocationsService } from './locations.service.js';

const locationId = { schema: locationParameter };

@ApiTags('Locations')
@ApiBearerAuth()
@AdminOnly()
@Controller('locations')
export class LocationsController {
  constructor(@Inject(LocationsService) private readonly locations: LocationsService) {}

  @Get()
  @Documented({
    summary: 'List the private networks that have edge workers',
    description:
      'Systems with ProxyType (or ldap.proxyType) OnPremise are reached through the edge workers of their location.',
    response: locationList,
  })
  list(): Promise<LocationList> {
    return this.locations.list();
  }

  @Put(':locationId')
  @Documented({
    summary: 'Register the key of the edge workers of a location',
    description:
      'Takes the place of an earlier one; credentials that were sealed for that one have to be sealed and entered again. While nobody is registered for `default`, systems on premise that name no location are reached directly.',
    response: locationView,
    problems: { 400: 'It is no public key, or no name of a location' },
  })
  register(
    @Param('locationId', locationId) id: string,
    @Body({ schema: locationBody }) body: LocationBody,
    @Caller() caller: Principal,
  ): Promise<LocationView> {
    return this.locations.register(id, body, caller);
  }

  @Delete(':locationId')
  @HttpCode(204)
  @Documented({
    summary: 'Forget a location',
    description: 'Refused while a system is reached through it.',
    status: 204,
    problems: { 404: 'There is no such location', 409: 'A system uses it' },
  })
  remove(@Param('locationId', locationId) id: string): Promise<void> {
    return this.locations.remove(id);
  }
}
