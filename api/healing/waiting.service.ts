import { Inject, Injectable, Optional } from '@nestjs/common';
import { ADVICE, isErrorClass } from '../../core/healing/error-class.js';
import type { ErrorClass } from '../../core/healing/error-class.js';
import { SqlPool } from '../../state/database.js';
import { hurryProbe, viewGate } from '../../state/drain/breaker.js';
import { quarantinePair, releasePair } from '../../state/healing/quarantine.js';
import { countWaiting, listWaiting, retryNow } from '../../state/healing/waiting.js';
import type { WaitingFilter, WaitingPair } from '../../state/healing/waiting.js';
import type { Principal } from '../auth/auth.service.js';
import { isoInstant, optionalInstant } from '../common/paging.schemas.js';
import { notFound, ProblemError } from '../common/problem.js';
import { SQL_POOL } from '../infrastructure.js';
import { ScheduleLifecycle } from '../schedules/schedule-lifecycle.js';
import { SystemLookup } from '../systems/system-lookup.js';
import type {
  GateBody,
  QuarantineBody,
  ReleaseBody,
  RetryAnswer,
  RetryBody,
  WaitingList,
  WaitingQuery,
} from './waiting.schemas.js';

/** What waits for a target, why, until when, and what an administrator wants instead (HEA-1 to HEA-6). */
@Injectable()
export class WaitingService {
  constructor(
    @Inject(SQL_POOL) private readonly pool: SqlPool,
    @Inject(SystemLookup) private readonly systems: SystemLookup,
    @Optional() @Inject(ScheduleLifecycle) private readonly temporal?: ScheduleLifecycle,
  ) {}

  /** Entities that are not in step with a target. */
  async list(systemId: string, { limit, after, ...filter }: WaitingQuery): Promise<WaitingList> {
    const targetNo = await this.#requireTarget(systemId);
    const rows = await listWaiting(this.pool, targetNo, await this.#filter(filter), { afterNo: after ?? 0, limit });
    const items = rows.slice(0, limit);
    return { items: items.map(toItem), next: rows.length > limit ? (items.at(-1)?.entityNo ?? null) : null };
  }

  /** Whether the target may be asked, and how much waits for it. */
  async gate(systemId: string): Promise<GateBody> {
    const targetNo = await this.#requireTarget(systemId);
    const gate = await viewGate(this.pool, targetNo);
    const errorClass = isErrorClass(gate.errorClass) ? gate.errorClass : null;
    return {
      ...gate,
      errorClass,
      advice: adviceFor(errorClass),
      openedAt: optionalInstant(gate.openedAt),
      nextProbeAt: optionalInstant(gate.nextProbeAt),
      closedUntil: optionalInstant(gate.closedUntil),
      waiting: await countWaiting(this.pool, targetNo),
    };
  }

  /** *Retry now* (HEA-5): the entities are due, an open breaker is probed, and healing begins if nothing else runs. */
  async retry(systemId: string, body: RetryBody): Promise<RetryAnswer> {
    const targetNo = await this.#requireTarget(systemId);
    const answer = await retryNow(this.pool, targetNo, await this.#filter(body));
    await hurryProbe(this.pool, targetNo);
    await this.temporal?.healSoon();
    return answer;
  }

  /** *Quarantine* (HEA-5). Problem `not-found` when the source never delivered the entity. */
  async quarantine(systemId: string, body: QuarantineBody, caller: Principal): Promise<void> {
    const pair = await this.#pair(systemId, body);
    if (!(await quarantinePair(this.pool, pair, body.note, caller.userName))) throw notFound(`such ${body.type}`);
  }

  /** Ends a quarantine. Problem `not-found` when there is none. */
  async release(systemId: string, body: ReleaseBody): Promise<void> {
    if (!(await releasePair(this.pool, await this.#pair(systemId, body)))) throw notFound('quarantine of this entity');
    await this.temporal?.healSoon();
  }

  async #pair(systemId: string, { source, type, key }: ReleaseBody): Promise<Parameters<typeof releasePair>[1]> {
    const targetNo = await this.#requireTarget(systemId);
    const { no: sourceNo } = await this.systems.require(source);
    return { targetNo, sourceNo, type, sourceKey: key };
  }

  async #filter({ source, key, ...rest }: RetryBody): Promise<WaitingFilter> {
    const sourceNo = source === undefined ? undefined : (await this.systems.require(source)).no;
    return { ...rest, sourceNo, sourceKey: key };
  }

  async #requireTarget(systemId: string): Promise<number> {
    const { no, role, name } = await this.systems.require(systemId);
    if (role !== 'target') throw new ProblemError('not-found', `${name} is not a target: nothing waits for it`);
    return no;
  }
}

function toItem({
  entityNo: _entityNo,
  failedAt,
  nextAt,
  quarantine,
  ...pair
}: WaitingPair): WaitingList['items'][number] {
  return {
    ...pair,
    advice: adviceFor(pair.errorClass),
    failedAt: optionalInstant(failedAt),
    nextAttemptAt: optionalInstant(nextAt),
    quarantine: quarantine && { ...quarantine, at: isoInstant(quarantine.at) },
  };
}

function adviceFor(errorClass: ErrorClass | null): GateBody['advice'] {
  return errorClass === null ? null : { ...ADVICE[errorClass] };
}
