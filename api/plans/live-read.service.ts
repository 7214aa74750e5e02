import { Inject, Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { isConnectorError } from '../../connectors/errors.js';
import type { EntityType } from '../../core/entity-type.js';
import type { JsonObject } from '../../core/json.js';
import type { Logger } from '../../runtime/logger.js';
import { Keyring } from '../../runtime/secrets.js';
import { loadSecrets, loadSystem } from '../../state/config/index.js';
import { ProblemError, notFound } from '../common/problem.js';
import { DATA_SOURCE, KEYRING, LOGGER } from '../infrastructure.js';
import { ConnectorCatalog } from '../system-types/connector-catalog.js';

/** A back end that does not answer must not hold the request for longer. */
const TIMEOUT_MS = 30_000;

/** Reads one entity of a target as it is now. Never writes. */
@Injectable()
export class LiveReadService {
  constructor(
    @Inject(DATA_SOURCE) private readonly dataSource: DataSource,
    @Inject(KEYRING) private readonly keyring: Keyring,
    @Inject(ConnectorCatalog) private readonly catalog: ConnectorCatalog,
    @Inject(LOGGER) private readonly log: Logger,
  ) {}

  /** The entity, or null when the system says that it does not exist. Problem 503 when the system cannot be read. */
  async read(systemId: string, type: EntityType, id: string): Promise<JsonObject | null> {
    const system = await loadSystem(this.dataSource, systemId);
    if (system === undefined) throw notFound(`system ${systemId}`);
    const secrets = new Map(Object.entries(await loadSecrets(this.dataSource, this.keyring, system.no)));
    const log = this.log.child({ systemId: system.id });
    const connector = this.catalog.require(system.typeName).open({
      config: {
        properties: this.catalog.effective(system),
        secret: (name) => secrets.get(name),
        secretNames: system.secretNames,
      },
      clock: () => new Date(),
      log: {
        debug: (fields, message) => log.debug(fields, message),
        warn: (fields, message) => log.warn(fields, message),
      },
    });
    try {
      const entity = await connector.readOne(type, id, { signal: AbortSignal.timeout(TIMEOUT_MS) });
      return entity?.body ?? null;
    } catch (error) {
      if (!isConnectorError(error)) throw error;
      throw new ProblemError('unavailable', `${system.name} could not be read: ${error.safeMessage}`);
    } finally {
      await connector.close();
    }
  }
}
