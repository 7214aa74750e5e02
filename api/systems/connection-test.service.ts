import { Inject, Injectable } from '@nestjs/common';
import { isConnectorError } from '../../connectors/errors.js';
import type { Connector, ConnectionReport } from '../../connectors/contract.js';
import { OpenSystemService } from './open-system.service.js';

/** A back end that does not answer must not hold the request for longer. */
const TIMEOUT_MS = 30_000;

/** Tries the saved properties against the back end (PRP-11). Never writes; what the back end answers is never returned. */
@Injectable()
export class ConnectionTestService {
  constructor(@Inject(OpenSystemService) private readonly systems: OpenSystemService) {}

  /** A report; a failed check is a result, not an error. */
  async test(systemId: string): Promise<ConnectionReport> {
    const system = await this.systems.prepare(systemId);
    if ('open' in system) return report(system.open);
    return {
      ok: false,
      checks: system.errors.map(({ property, message }) => ({ name: property, ok: false, message })),
    };
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
