import { Inject, Injectable } from '@nestjs/common';
import { isConnectorError } from '../../connectors/errors.js';
import type { Connector } from '../../connectors/contract.js';
import type { ProbeReport } from '../../connectors/probe-report.js';
import { ProblemError } from '../common/problem.js';
import { OpenSystemService } from './open-system.service.js';

/** A probe makes some fifty requests; a slow back end gets this long for all of them. */
const TIMEOUT_MS = 120_000;

/** Finds out what a back end really does. */
@Injectable()
export class ProbeService {
  constructor(@Inject(OpenSystemService) private readonly systems: OpenSystemService) {}

  /**
   * Probes the back end with the saved properties. Problems: `invalid-properties` when they do not lead to it, `not-offered` when its type
   * has no probe, `back-end-failed` when it cannot be reached or refuses the credentials.
   */
  async probe(systemId: string, mayWrite: boolean): Promise<ProbeReport> {
    const system = await this.systems.prepare(systemId);
    if ('errors' in system) {
      const text = system.errors.map(({ property, message }) => `${property}: ${message}`).join('; ');
      throw new ProblemError('invalid-properties', text);
    }
    let connector: Connector | undefined;
    try {
      connector = system.open();
      if (connector.probe === undefined) throw new ProblemError('not-offered', 'systems of this type have no probe');
      return await connector.probe({ mayWrite, signal: AbortSignal.timeout(TIMEOUT_MS) });
    } catch (error) {
      if (!isConnectorError(error)) throw error;
      const late = `not finished within ${TIMEOUT_MS / 1000} seconds`;
      throw new ProblemError('back-end-failed', error.kind === 'cancelled' ? late : error.safeMessage);
    } finally {
      await connector?.close();
    }
  }
}
