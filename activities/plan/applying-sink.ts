import { sameHash } from '../support/hashing.js';
import type { ApprovedChange } from '../../state/plans/approved.js';
import { approvedChanges, createdByPlan } from '../../state/plans/approved.js';
import type { Settlement } from '../../state/drain/settle.js';
import type { CandidateEnd } from '../absence/candidate-end.js';
import { mapTarget } from '../drain/evaluate-pair.js';
import type { MappedTarget } from '../drain/evaluate-pair.js';
import type { KnownReferences } from '../drain/resolve-references.js';
import type { Admission, ChangeSink } from '../drain/sink.js';
import type { DrainEnvironment, Work } from '../drain/work.js';
import { notApplied } from './approved-end.js';
import { changePlace } from './describe-change.js';
import { findDrift } from './drift.js';
import type { Drift } from './drift.js';
import { plannedReferences, withoutLater } from './planned-references.js';
import { movedConfiguration } from './same-configuration.js';

/** Reads of the target under way at once, before changes that are checked against it. */
const CHECK_LANES = 8;

/**
 * Executes the approved changes of one plan and nothing else (PLN-9). Each is looked at again before it is sent: entity, link, mapping and
 * configuration must be those of the plan; what takes something away is compared with the target itself (PLN-10).
 */
export class ApplyingSink implements ChangeSink {
  readonly weighsDisables = false;
  readonly isExact = true;
  readonly changesNoLink = false;
  private created: Promise<ReadonlySet<string>> | undefined;
  private configuration: Promise<string | undefined> | undefined;

  constructor(private readonly planNo: number) {}

  async admit(env: DrainEnvironment, works: readonly Work[]): Promise<Admission> {
    const changes = await this.changesOf(env, works);
    const admitted: Work[] = [];
    const settled: Settlement[] = [];
    const queue = [...works];
    const lane = async (): Promise<void> => {
      for (let work = queue.shift(); work !== undefined; work = queue.shift()) {
        work.approved = changes.get(work.row.entityNo) ?? null;
        const made = await this.examine(env, work);
        if ('evaluation' in made) admitted.push(made);
        else settled.push(made);
      }
    };
    await Promise.all(Array.from({ length: CHECK_LANES }, lane));
    return { works: admitted, settled };
  }

  /** Only a change that says so creates an account anew; this one was approved for an account that was there. */
  admitRecreate(_env: DrainEnvironment, work: Work): Promise<Settlement | undefined> {
    // Which of several accounts was gone has been looked at before the first of them was written.
    if (work.part !== null && work.approved?.class === 'recreate') return Promise.resolve(undefined);
    return Promise.resolve(notApplied(work, 'drifted', 'the account is not there any more'));
  }

  /** In step by now, or not wanted any more: nothing is left to be done. The change ends without a write. */
  local(_env: DrainEnvironment, work: Work): Settlement {
    return notApplied(work, 'obsolete', 'nothing is to be written any more');
  }

  async admitDeletion(env: DrainEnvironment, work: Work): Promise<CandidateEnd | undefined> {
    const refused = (settlement: Settlement): CandidateEnd => ({ settlement, outcome: 'drifted' });
    const { approved } = work;
    if (approved === null) return refused(notApplied(work, 'obsolete', 'the change is not approved'));
    const moved = await this.movedSince(env, work, approved);
    if (moved !== undefined) return refused(notApplied(work, 'obsolete', moved));
    const drift = await findDrift(env, work, approved);
    return drift === undefined ? undefined : refused(drifted(env, work, drift));
  }

  async references(env: DrainEnvironment, stored: KnownReferences): Promise<KnownReferences> {
    return env.program.linkDependent ? withoutLater(env, stored, await this.createdOf(env)) : stored;
  }

  private changesOf(env: DrainEnvironment, works: readonly Work[]): ReturnType<typeof approvedChanges> {
    const entityNos = works.map((work) => work.row.entityNo);
    return approvedChanges(env.services.pool, this.planNo, env.targetNo, entityNos);
  }

  private createdOf(env: DrainEnvironment): Promise<ReadonlySet<string>> {
    return (this.created ??= createdByPlan(env.services.pool, this.planNo, env.targetNo));
  }

  private async examine(env: DrainEnvironment, work: Work): Promise<Work | Settlement> {
    const { approved } = work;
    if (approved === null) return notApplied(work, 'obsolete', 'the change is not approved');
    const moved = await this.movedSince(env, work, approved);
    if (moved !== undefined) return notApplied(work, 'obsolete', moved);
    const { action } = work.evaluation;
    if (approved.match === 'adopt') return this.examineAdoption(env, work, approved);
    if (approved.verb === 'create') return this.examineCreate(env, work, approved);
    if (action !== 'update' || work.evaluation.update === null)
      return notApplied(work, 'obsolete', 'an update is not what is to be done any more');
    const planned = await this.mapAsPlanned(env, work, 'update', work.pair.link?.targetKey ?? undefined);
    if (!sameHash(planned?.hash ?? null, approved.targetHash)) return notApplied(work, 'obsolete', OTHER_RESULT);
    if (approved.verb === 'update' || approved.verb === 'addMember') return work;
    const drift = await findDrift(env, work, approved);
    return drift === undefined ? work : drifted(env, work, drift);
  }

  /** The account itself is looked at when it is taken over. */
  private async examineAdoption(
    env: DrainEnvironment,
    work: Work,
    approved: ApprovedChange,
  ): Promise<Work | Settlement> {
    const { action } = work.evaluation;
    if (action !== 'create' || approved.targetKey === null || work.parts.length > 0)
      return notApplied(work, 'obsolete', 'taking over an account is not what is to be done any more');
    const planned = await this.mapAsPlanned(env, work, 'update', approved.targetKey);
    if (!sameHash(planned?.hash ?? null, approved.targetHash)) return notApplied(work, 'obsolete', OTHER_RESULT);
    return { ...work, adopts: approved.targetKey };
  }

  private async examineCreate(env: DrainEnvironment, work: Work, approved: ApprovedChange): Promise<Work | Settlement> {
    const { action } = work.evaluation;
    const isAnew = approved.class === 'recreate' && action === 'update';
    if (action !== 'create' && action !== 'resolve' && !isAnew)
      return notApplied(work, 'obsolete', 'a create is not what is to be done any more');
    const planned = await this.mapAsPlanned(env, work, 'create', undefined);
    if (!sameHash(planned?.hash ?? null, approved.targetHash)) return notApplied(work, 'obsolete', OTHER_RESULT);
    if (!isAnew) return work;
    const drift = await findDrift(env, work, approved);
    if (drift !== undefined) return drifted(env, work, drift);
    if (work.parts.length > 0) return work;
    const create = mapTarget(env.tools, env.type, work.evaluation.common ?? {}, 'create', undefined, work.references);
    if ('message' in create) return notApplied(work, 'obsolete', create.message);
    return { ...work, create, evaluation: { ...work.evaluation, action: 'create' } };
  }

  /** Undefined when everything the change was made from is as it was. */
  private async movedSince(env: DrainEnvironment, work: Work, approved: ApprovedChange): Promise<string | undefined> {
    this.configuration ??= movedConfiguration(env, this.planNo);
    const configuration = await this.configuration;
    if (configuration !== undefined) return configuration;
    const { pair } = work;
    if (pair.presence !== approved.presence) return 'the entity has left, or has come back, since the plan';
    const sameEntity =
      approved.entityHash === null ? pair.commonHash === null : sameHash(pair.commonHash, approved.entityHash);
    if (!sameEntity) return 'the entity has changed since the plan';
    return sameLink(work, approved)
      ? undefined
      : 'the link has changed since the plan: somebody else wrote the account';
  }

  private async mapAsPlanned(
    env: DrainEnvironment,
    work: Work,
    operation: 'create' | 'update',
    targetKey: string | undefined,
  ): Promise<MappedTarget | undefined> {
    const { common } = work.evaluation;
    if (common === null) return undefined;
    const known = env.program.linkDependent
      ? plannedReferences(env, work.references, await this.createdOf(env))
      : work.references;
    const mapped = mapTarget(env.tools, env.type, common, operation, targetKey, known);
    return 'message' in mapped ? undefined : mapped;
  }
}

/** Nothing is written; what the account holds is kept, so that it can be shown and approved. */
function drifted(env: DrainEnvironment, work: Work, { reason, seen }: Drift): Settlement {
  const refusal = notApplied(work, 'drifted', reason);
  if (refusal.decided === null || seen === null) return refusal;
  const sealed = env.services.linkBodies.seal(seen, changePlace(env.targetNo, work.row.entityNo));
  return { ...refusal, decided: { ...refusal.decided, seen: sealed } };
}

const OTHER_RESULT = 'the mapping gives another result than it gave for the plan';

/** A create of an attempt that died has left its intent: it is resolved by what was sent, before anything else happens. */
function sameLink({ pair: { link } }: Work, approved: ApprovedChange): boolean {
  if (link?.state === 'creating') return approved.verb === 'create';
  if (link?.state === 'linked') return link.version === approved.linkVersion;
  return approved.linkVersion === null;
}
