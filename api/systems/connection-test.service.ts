import { Inject, Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { isConnectorError } from '../../connectors/errors.js';
import type { Connector, ConnectionReport } from '../../connectors/contract.js';
import type { Logger } from '../../runtime/logger.js';
import { Keyring } from '../../runtime/secrets.js';
import { loadSecrets, loadSystem } from '../../state/config/index.js';
import { notFound } from '../common/problem.js';
import { DATA_SOURCE, KEYRING, LOGGER } from '../infrastructure.js';
import { ConnectorCatalog } from '../system-types/connector-catalog.js';

/** A back end that does not answer must not hold the request for longer. */
const TIMEOUT_MS = 30_000;

/** Tries the saved properties against the back end (PRP-11). Never writes; what the back end answers is never returned. */
@Injectable()
export class ConnectionTestService {
  constructor(
    @Inject(DATA_SOURCE) private readonly dataSource: DataSource,
    @Inject(KEYRING) private readonly keyring: Keyring,
    @Inject(ConnectorCatalog) private readonly catalog: ConnectorCatalog,
    @Inject(LOGGER) private readonly log: Logger,
  ) {}

  /** A report; a failed check is a result, not an error. */
  async test(systemId: string): Promise<ConnectionReport> {
    const system = await loadSystem(this.dataSource, systemId);
    if (system === undefined) throw notFound(`system ${systemId}`);
    const factory = this.catalog.require(system.typeName);
    const { errors } = this.catalog.check(factory, system.role, system);
    if (errors.length > 0) {
      const checks = errors.map(({ property, message }) => ({ name: property, ok: false, message }));
      return { ok: false, checks };
    }
    const secrets = new Map(Object.entries(await loadSecrets(this.dataSource, this.keyring, system.no)));
    const log = this.log.child({ systemId: system.id });
    return report(() =>
      factory.open({
        config: {
          properties: this.catalog.effective(system),
          secret: (name) => secrets.get(name),
        },
        clock: () => new Date(),
        log: {
          debug: (fields, message) => log.debug(fields, message),
          warn: (fields, message) => log.warn(fields, message),
        },
      }),
    );
  }
}

async function report(open: () => Connector): Promise<ConnectionReport> {
  let connector: Connector | undefined;
  try {
    connector = open();
    return await connector.testConnection({ signal: AbortSignal.timeout(TIMEOUT_MS) });
  } catch (error) {
    if (!isConnectorError(error)) throw error;
    const message = error.kind === 'cancelled' ? `no answer within ${TIMEOUT_MS / 1000} seconds` : error.safeMessage;
    return { ok: false, checks: [{ name: 'connection', ok: false, message }] };
  } finally {
    await connector?.close();
  }
}
