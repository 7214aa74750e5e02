import { Inject, Injectable } from '@nestjs/common';
import { isConnectorError } from '../../connectors/errors.js';
import type { Connector } from '../../connectors/contract.js';
import type { EntityType } from '../../core/entity-type.js';
import type { JsonObject } from '../../core/json.js';
import { ProblemError } from '../common/problem.js';
import { OpenSystemService } from '../systems/open-system.service.js';

/** A back end that does not answer must not hold the request for longer. */
const TIMEOUT_MS = 30_000;

/** Reads one entity of a target as it is now, within the limits of the target. Never writes. */
@Injectable()
export class LiveReadService {
  constructor(@Inject(OpenSystemService) private readonly systems: OpenSystemService) {}

  /** The entity, or null when the system says that it does not exist. Problem 503 when the system cannot be read. */
  async read(systemId: string, type: EntityType, id: string): Promise<JsonObject | null> {
    const system = await this.systems.prepare(systemId);
    if ('errors' in system) {
      const text = system.errors.map(({ property, message }) => `${property}: ${message}`).join('; ');
      throw new ProblemError('unavailable', `the system could not be read: ${text}`);
    }
    let connector: Connector | undefined;
    try {
      connector = system.open();
      const entity = await connector.readOne(type, id, { signal: AbortSignal.timeout(TIMEOUT_MS) });
      return entity?.body ?? null;
    } catch (error) {
      if (!isConnectorError(error)) throw error;
      throw new ProblemError('unavailable', `the system could not be read: ${error.safeMessage}`);
    } finally {
      await connector?.close();
    }
  }
}
