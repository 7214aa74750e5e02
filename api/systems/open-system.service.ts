import { Inject, Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import type { Connector, ConnectorContext } from '../../connectors/contract.js';
import { usesClientCertificate } from '../../core/certificates/usable.js';
import { LOCATION_PROPERTY } from '../../core/edge/location.js';
import { requestLimits } from '../../core/request-limits.js';
import type { Logger } from '../../runtime/logger.js';
import { Keyring } from '../../runtime/secrets.js';
import { loadIdentity } from '../../state/certificates/index.js';
import { loadSecrets, loadSystem } from '../../state/config/index.js';
import { SqlPool } from '../../state/database.js';
import { sharedPace } from '../../state/drain/pace.js';
import { notFound } from '../common/problem.js';
import { DATA_SOURCE, EDGE, KEYRING, LOGGER, SQL_POOL } from '../infrastructure.js';
import type { Edge } from '../infrastructure.js';
import { ConnectorCatalog } from '../system-types/connector-catalog.js';
import type { PropertyFinding } from '../system-types/connector-catalog.js';

/** A system that can be connected to, or what is wrong with its properties. */
export type OpenableSystem =
  /** May throw what the connector throws. */
  { readonly open: () => Connector } | { readonly errors: readonly PropertyFinding[] };

/** Connectors of stored systems, for the few questions that the API itself asks of a back end. */
@Injectable()
export class OpenSystemService {
  constructor(
    @Inject(DATA_SOURCE) private readonly dataSource: DataSource,
    @Inject(KEYRING) private readonly keyring: Keyring,
    @Inject(ConnectorCatalog) private readonly catalog: ConnectorCatalog,
    @Inject(LOGGER) private readonly log: Logger,
    @Inject(SQL_POOL) private readonly pool: SqlPool,
    @Inject(EDGE) private readonly edge: Edge,
  ) {}

  /** The saved properties of a system, checked. Throws the problem `not-found`. */
  async prepare(systemId: string): Promise<OpenableSystem> {
    const system = await loadSystem(this.dataSource, systemId);
    if (system === undefined) throw notFound(`system ${systemId}`);
    const factory = this.catalog.require(system.typeName);
    const { errors } = this.catalog.check(factory, system.role, system);
    if (errors.length > 0) return { errors };
    const secrets = new Map(Object.entries(await loadSecrets(this.dataSource, this.keyring, system.no)));
    const log = this.log.child({ systemId: system.id });
    const properties = this.catalog.effective(system);
    const limits = system.role === 'target' ? requestLimits(properties) : undefined;
    const capabilities = factory.capabilities(properties, system.role);
    const reach = await this.edge.router.reach({ properties, secrets: Object.fromEntries(secrets) });
    if (reach.kind === 'refused') return { errors: [{ property: LOCATION_PROPERTY, message: reach.message }] };
    const holdMs = 2 * capabilities.requestTimeoutMs;
    const context: ConnectorContext = {
      config: {
        properties,
        secret: (name) => secrets.get(name),
        secretNames: [...secrets.keys()],
      },
      clock: () => new Date(),
      ...(usesClientCertificate(properties) && {
        clientCertificate: () => loadIdentity(this.pool, this.keyring, system),
      }),
      // Tests of a connection count like the requests of the workers.
      ...(limits !== undefined && { pace: sharedPace(this.pool, system.no, limits, holdMs) }),
      log: {
        debug: (fields, message) => log.debug(fields, message),
        warn: (fields, message) => log.warn(fields, message),
      },
    };
    return {
      open: () => (reach.kind === 'edge' ? reach.route.open(factory, context, capabilities) : factory.open(context)),
    };
  }
}
