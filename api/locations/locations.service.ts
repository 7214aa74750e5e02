import { Inject, Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { locationOf } from '../../core/edge/location.js';
import { parsePublicKey, publicKeyText } from '../../runtime/edge/keys.js';
import { listSystems, loadSystem } from '../../state/config/index.js';
import { SqlPool } from '../../state/database.js';
import { findLocation, listLocations, removeLocation, saveLocation } from '../../state/edge/locations.js';
import type { EdgeLocation } from '../../state/edge/locations.js';
import type { Principal } from '../auth/auth.service.js';
import { notFound, ProblemError } from '../common/problem.js';
import { DATA_SOURCE, EDGE, SQL_POOL } from '../infrastructure.js';
import type { Edge } from '../infrastructure.js';
import { ConnectorCatalog } from '../system-types/connector-catalog.js';
import type { LocationBody, LocationList, LocationView } from './locations.schemas.js';

/** All systems of an installation and more (LIM-1). */
const EVERY_SYSTEM = { limit: 20_000, offset: 0 };

/** Private networks and the keys of their edge workers (CONN-CORE-90, CONN-CORE-92). */
@Injectable()
export class LocationsService {
  constructor(
    @Inject(SQL_POOL) private readonly pool: SqlPool,
    @Inject(DATA_SOURCE) private readonly dataSource: DataSource,
    @Inject(EDGE) private readonly edge: Edge,
    @Inject(ConnectorCatalog) private readonly catalog: ConnectorCatalog,
  ) {}

  async list(): Promise<LocationList> {
    const items = (await listLocations(this.pool)).map(toView);
    return { items, centralKey: this.edge.centralKey };
  }

  async register(id: string, body: LocationBody, caller: Principal): Promise<LocationView> {
    await saveLocation(this.pool, { id, publicKey: parsePublicKey(body.publicKey), createdBy: caller.userName });
    const location = await findLocation(this.pool, id);
    if (location === undefined) throw notFound(`location ${id}`);
    return { ...toView(location), centralKey: this.edge.centralKey };
  }

  /** Problems `not-found`, and `location-used` while a system is reached through it: it would be reached directly from then on, or not at all. */
  async remove(id: string): Promise<void> {
    const { items } = await listSystems(this.dataSource, {}, EVERY_SYSTEM);
    for (const { id: systemId, name } of items) {
      const system = await loadSystem(this.dataSource, systemId);
      if (system !== undefined && locationOf(this.catalog.effective(system)) === id)
        throw new ProblemError('location-used', `${name} is reached through ${id}: change its properties first`);
    }
    if (!(await removeLocation(this.pool, id))) throw notFound(`location ${id}`);
  }
}

function toView({ id, publicKey, createdBy, createdAt }: EdgeLocation): LocationList['items'][number] {
  return { id, publicKey: publicKeyText(publicKey), createdBy, createdAt: createdAt.toISOString() };
}
