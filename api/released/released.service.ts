import { Inject, Injectable } from '@nestjs/common';
import type { Connector } from '../../connectors/contract.js';
import { isConnectorError } from '../../connectors/errors.js';
import type { Logger } from '../../runtime/logger.js';
import { claimReleased, letGo, listReleased, readoptReleased } from '../../state/absence/released-acts.js';
import type { ClaimedRelease, ReleasedEntity, ReleasedObstacle } from '../../state/absence/released-acts.js';
import type { SystemRecord } from '../../state/config/index.js';
import { SqlPool } from '../../state/database.js';
import { assignedMembers, forgetAssigned } from '../../state/drain/assigned-members.js';
import { readGate } from '../../state/drain/gate.js';
import { notFound, ProblemError } from '../common/problem.js';
import { isoInstant } from '../common/paging.schemas.js';
import { LOGGER, SQL_POOL } from '../infrastructure.js';
import { OpenSystemService } from '../systems/open-system.service.js';
import { SystemLookup } from '../systems/system-lookup.js';
import type { ReleasedList, ReleasedQuery, ReleasedView } from './released.schemas.js';

/** A back end that does not answer must not hold the request for longer. */
const TIMEOUT_MS = 30_000;
/** Two requests and the time between them: nobody else may take the entity before they are over. */
const CLAIM_MS = 3 * TIMEOUT_MS;

const OBSTACLES = {
  managed: [
    'entity-managed',
    'it is managed again, or its source entity has another one; the next job takes care of it',
  ],
  busy: [
    'entity-busy',
    'a job works on it, or has to find out what became of a create; try again when the job is over',
  ],
  returned: ['still-in-source', 'the source has it again; the next job links it'],
  disconnected: ['not-connected', 'its source does not feed this target any more; connect it first'],
} as const;

/** The list of target entities that are no longer managed, and what an administrator may do with them (DEL-22). */
@Injectable()
export class ReleasedService {
  constructor(
    @Inject(SQL_POOL) private readonly pool: SqlPool,
    @Inject(SystemLookup) private readonly systems: SystemLookup,
    @Inject(OpenSystemService) private readonly connections: OpenSystemService,
    @Inject(LOGGER) private readonly log: Logger,
  ) {}

  /** A page of the list, newest first. */
  async list(systemId: string, { limit, before }: ReleasedQuery): Promise<ReleasedList> {
    const target = await this.#target(systemId);
    const rows = await listReleased(this.pool, target.no, { before: before ?? null, limit: limit + 1 });
    const items = rows.slice(0, limit).map(toView);
    return { items, next: rows.length > limit ? (items.at(-1)?.id ?? null) : null };
  }

  /** Links an entity again as existing before. */
  async adopt(systemId: string, id: number): Promise<ReleasedView> {
    const target = await this.#target(systemId);
    const adopted = await readoptReleased(this.pool, target.no, id);
    if (typeof adopted === 'string') throw problemOf(adopted, id);
    this.log.info({ systemId, releasedId: id }, 'an entity that was no longer managed is managed again');
    return toView(adopted);
  }

  /**
   * Deletes an entity in the target. Nothing is sent while the target is disabled or must be left alone, while a job works on the entity or
   * somebody has a link on it, or while the source has it. An entity that is gone already leaves the list.
   */
  async delete(systemId: string, id: number): Promise<void> {
    const target = await this.#target(systemId);
    if (!target.enabled) throw new ProblemError('system-disabled', `${target.name} is disabled: enable it first`);
    const gate = await readGate(this.pool, target.no);
    if (gate.closedForMs > 0) {
      const detail = `${target.name} has to be left alone for a moment${gate.reason === null ? '' : `: ${gate.reason}`}`;
      throw new ProblemError('unavailable', detail, { retryAfterSeconds: Math.ceil(gate.closedForMs / 1000) });
    }
    const claimed = await claimReleased(this.pool, target.no, id, CLAIM_MS);
    if (typeof claimed === 'string') throw problemOf(claimed, id);
    let deleted = false;
    try {
      await this.#requireAbsent(claimed.entity);
      await this.#send(target, claimed);
      deleted = true;
      this.log.info({ systemId, releasedId: id }, 'an entity that was no longer managed is deleted in the target');
    } finally {
      await letGo(this.pool, claimed, deleted);
    }
  }

  /** DEL-23 goes for administrators, too: whoever is back since the last job keeps the account. A disabled source is not asked. */
  async #requireAbsent(entity: ReleasedEntity): Promise<void> {
    if (!entity.sourceEnabled) return;
    const found = await this.#with(entity.sourceId, entity.sourceName, (connector) =>
      connector.readOne(entity.type, entity.nativeId ?? entity.sourceKey, {
        withFilter: true,
        signal: AbortSignal.timeout(TIMEOUT_MS),
      }),
    );
    if (found !== null) throw problemOf('returned', entity.id);
  }

  async #send(target: SystemRecord, { entity }: ClaimedRelease): Promise<void> {
    // Where groups are not deleted the platform takes out whom it has put in, and leaves everybody else (CONN-CORE-12).
    const members = entity.type === 'group' ? await assignedMembers(this.pool, target.no, entity.targetKey) : [];
    await this.#with(target.id, target.name, (connector) =>
      connector.delete(entity.type, entity.targetKey, {
        signal: AbortSignal.timeout(TIMEOUT_MS),
        ...(members.length > 0 && { members }),
      }),
    );
    if (members.length > 0) await forgetAssigned(this.pool, target.no, entity.targetKey, members);
  }

  async #with<T>(systemId: string, name: string, ask: (connector: Connector) => Promise<T>): Promise<T> {
    const system = await this.connections.prepare(systemId);
    if (!('open' in system)) {
      const [first] = system.errors;
      throw new ProblemError('not-configured', `${name}: ${first?.message ?? 'the properties are not valid'}`);
    }
    let connector: Connector | undefined;
    try {
      connector = system.open();
      return await ask(connector);
    } catch (error) {
      if (!isConnectorError(error)) throw error;
      const message = error.kind === 'cancelled' ? `no answer within ${TIMEOUT_MS / 1000} seconds` : error.safeMessage;
      throw new ProblemError('back-end-failed', `${name}: ${message}; nothing is changed in the list, try again`);
    } finally {
      await connector?.close();
    }
  }

  async #target(systemId: string): Promise<SystemRecord> {
    const system = await this.systems.require(systemId);
    if (system.role !== 'target')
      throw new ProblemError('not-found', `${system.name} is not a target: it has no such list`);
    return system;
  }
}

function problemOf(obstacle: ReleasedObstacle, id: number): ProblemError {
  if (obstacle === 'unknown') return notFound(`entry ${id} in the list of entities that are no longer managed`);
  const [problem, why] = OBSTACLES[obstacle];
  return new ProblemError(problem, `nothing is done with entry ${id}: ${why}`);
}

function toView(entity: ReleasedEntity): ReleasedView {
  const { id, type, targetKey, sourceId, sourceName, sourceKey } = entity;
  return { id, type, targetKey, sourceId, sourceName, sourceKey, releasedAt: isoInstant(entity.releasedAt) };
}
