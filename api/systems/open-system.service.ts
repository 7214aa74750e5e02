import { Inject, Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import type { Connector } from '../../connectors/contract.js';
import type { Logger } from '../../runtime/logger.js';
import { Keyring } from '../../runtime/secrets.js';
import { loadSecrets, loadSystem } from '../../state/config/index.js';
import { notFound } from '../common/problem.js';
import { DATA_SOURCE, KEYRING, LOGGER } from '../infrastructure.js';
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
    const open = (): Connector =>
      factory.open({
        config: {
          properties: this.catalog.effective(system),
          secret: (name) => secrets.get(name),
          secretNames: [...secrets.keys()],
        },
        clock: () => new Date(),
        log: {
          debug: (fields, message) => log.debug(fields, message),
          warn: (fields, message) => log.warn(fields, message),
        },
      });
    return { open };
  }
}
