import { Inject, Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import type { JsonObject } from '../../core/json.js';
import { secondPersonFor } from '../../core/plan/second-person.js';
import { createBodySealer } from '../../runtime/sealed-bodies.js';
import type { BodySealer } from '../../runtime/sealed-bodies.js';
import type { InstallationKeys } from '../../runtime/secrets.js';
import { loadSystem } from '../../state/config/index.js';
import { SqlPool } from '../../state/database.js';
import {
  countChanges,
  countStates,
  decide,
  listChanges,
  listDecisions,
  listPlans,
  readPlan,
  sampleChanges,
} from '../../state/plans/index.js';
import type { ChangeFilter, ChangeView, PlanView } from '../../state/plans/index.js';
import { requestRun } from '../../state/runs/index.js';
import type { Principal } from '../auth/auth.service.js';
import { ProblemError, notFound } from '../common/problem.js';
import { DATA_SOURCE, INSTALLATION_KEYS, SQL_POOL } from '../infrastructure.js';
import { JobsService } from '../jobs/jobs.service.js';
import type { JobBody } from '../jobs/jobs.schemas.js';
import { SystemLookup } from '../systems/system-lookup.js';
import { LiveReadService } from './live-read.service.js';
import { toChangeBody, toPlanBody, toPlanDetails, withLive, withFound } from './plan-view.js';
import type {
  ApplyBody,
  ChangeBody,
  ChangeList,
  ChangeQuery,
  DecisionAnswer,
  DecisionBody,
  PlanDetails,
  PlanList,
  PlanQuery,
  SampleQuery,
} from './plans.schemas.js';

/** A filter as requests give it: systems by their public ids. */
type RequestedFilter = NonNullable<DecisionBody['filter']>;

/** Plans: looking at them, deciding about their changes, applying what is approved. */
@Injectable()
export class PlansService {
  readonly #sealer: BodySealer;

  constructor(
    @Inject(SQL_POOL) private readonly pool: SqlPool,
    @Inject(DATA_SOURCE) private readonly dataSource: DataSource,
    @Inject(INSTALLATION_KEYS) keys: InstallationKeys,
    @Inject(SystemLookup) private readonly systems: SystemLookup,
    @Inject(JobsService) private readonly jobs: JobsService,
    @Inject(LiveReadService) private readonly live: LiveReadService,
  ) {
    this.#sealer = createBodySealer(keys.deriveKey('link-body'));
  }

  /** A page of plans, newest first. */
  async list(query: PlanQuery): Promise<PlanList> {
    const source = query.system === undefined ? undefined : await this.systems.require(query.system);
    const before = query.before === undefined ? undefined : await this.#require(query.before);
    const plans = await listPlans(this.pool, {
      ...(source !== undefined && { sourceNo: source.no }),
      ...(before !== undefined && { beforePlanNo: before.planNo }),
      limit: query.limit + 1,
    });
    const items = plans.slice(0, query.limit).map(toPlanBody);
    return { items, next: plans.length > query.limit ? (items.at(-1)?.id ?? null) : null };
  }

  /** A plan with its counts and decisions. */
  async read(planId: string): Promise<PlanDetails> {
    const plan = await this.#require(planId);
    const counts = await countChanges(this.pool, plan.planNo);
    return toPlanDetails(plan, counts, await listDecisions(this.pool, plan.planNo));
  }

  /** A page of changes in the order they were made. */
  async changes(planId: string, query: ChangeQuery): Promise<ChangeList> {
    const plan = await this.#require(planId);
    const { values, limit, after, ...requested } = query;
    const page = { limit: limit + 1, ...(after !== undefined && { after: Number(after) }) };
    const rows = await listChanges(this.pool, plan.planNo, await this.#filter(requested), page);
    const items = rows.slice(0, limit).map((row) => this.#body(row, values));
    return { items, next: rows.length > limit ? (items.at(-1)?.id ?? null) : null };
  }

  /** Some changes of each verb, at random. */
  async sample(planId: string, query: SampleQuery): Promise<ChangeList> {
    const plan = await this.#require(planId);
    const { values, perVerb, ...requested } = query;
    const rows = await sampleChanges(this.pool, plan.planNo, await this.#filter(requested), perVerb);
    return { items: rows.map((row) => this.#body(row, values)), next: null };
  }

  /** One change with its values; `live` also reads the target (PLN-6). */
  async change(planId: string, changeId: string, live: boolean): Promise<ChangeBody> {
    const plan = await this.#require(planId);
    const [row] = await listChanges(this.pool, plan.planNo, { ids: [changeId] }, { limit: 1 });
    if (row === undefined) throw notFound(`change ${changeId} in plan ${planId}`);
    const body = this.#body(row, true);
    if (!live || row.targetId === null || row.targetKey === null) return body;
    const found = await this.live.read(row.targetId, row.type, row.targetKey);
    return { ...body, attributes: withLive(body.attributes ?? [], found) };
  }

  /** All changes that fit, in portions, for an export. */
  async *portions(planId: string, requested: RequestedFilter): AsyncGenerator<ChangeBody[]> {
    const plan = await this.#require(planId);
    const filter = await this.#filter(requested);
    for (let after = 0; ;) {
      const rows = await listChanges(this.pool, plan.planNo, filter, { after, limit: EXPORT_PORTION });
      const last = rows.at(-1);
      if (last === undefined) return;
      yield rows.map((row) => this.#body(row, true));
      after = last.changeNo;
    }
  }

  /** Approves or rejects changes (PLN-8). Problems: 409 when the plan is not complete, expired, or nothing could be decided. */
  async decide(
    planId: string,
    decision: 'approve' | 'reject',
    body: DecisionBody,
    caller: Principal,
  ): Promise<DecisionAnswer> {
    const plan = await this.#requireDecidable(planId);
    const ways = [body.all, body.filter, body.ids].filter((way) => way !== undefined).length;
    if (ways !== 1)
      throw new ProblemError('invalid-request', 'give exactly one of all, filter and ids', {
        errors: [{ pointer: '', message: 'exactly one of all, filter and ids is needed' }],
      });
    const filter = { ...(await this.#filter(body.filter ?? {})), ...(body.ids !== undefined && { ids: body.ids }) };
    const result = await decide(this.pool, {
      planNo: plan.planNo,
      sourceNo: plan.sourceNo,
      decision,
      by: caller.userName,
      comment: body.comment,
      filter,
      secondPersonFor: await this.#secondPersonFor(plan),
    });
    if (result.decided + result.waitingForSecond === 0) throw nothingDecided(decision, result);
    return result;
  }

  /** Starts the job that applies what is approved (PLN-9). Problems: 409 as for decisions, and for another hash. */
  async apply(planId: string, body: ApplyBody, caller: Principal): Promise<JobBody> {
    const plan = await this.#requireDecidable(planId);
    if (body.hash !== plan.hash)
      throw new ProblemError(
        'plan-moved',
        `this is not the hash of plan ${plan.id}: read the plan again before it is applied`,
      );
    if (((await countStates(this.pool, plan.planNo)).get('approved') ?? 0) === 0)
      throw new ProblemError('nothing-approved', `no change of plan ${plan.id} is approved: approve some first`);
    return this.jobs.launch(plan.sourceNo, () => this.#request(plan, caller));
  }

  #request(plan: PlanView, caller: Principal): ReturnType<typeof requestRun> {
    return requestRun(this.pool, {
      sourceNo: plan.sourceNo,
      kind: 'apply',
      trigger: 'IMMEDIATE',
      triggeredBy: caller.userName,
      planNo: plan.planNo,
    });
  }

  async #require(planId: string): Promise<PlanView> {
    const plan = await readPlan(this.pool, planId);
    if (plan === undefined) throw notFound(`plan ${planId}`);
    return plan;
  }

  async #requireDecidable(planId: string): Promise<PlanView> {
    const plan = await this.#require(planId);
    if (plan.completedAt === null)
      throw new ProblemError('plan-incomplete', `the job of plan ${plan.id} still runs: wait for its end`);
    if (plan.expiresAt.getTime() <= Date.now())
      throw new ProblemError('plan-expired', `plan ${plan.id} has expired: run the job again`);
    return plan;
  }

  async #secondPersonFor(plan: PlanView): Promise<string[]> {
    const source = await loadSystem(this.dataSource, plan.sourceNo);
    return secondPersonFor(source?.properties ?? {});
  }

  async #filter({ target, ...rest }: RequestedFilter): Promise<ChangeFilter> {
    const system = target === undefined ? undefined : await this.systems.require(target);
    const given = Object.fromEntries(Object.entries(rest).filter(([, value]) => value !== undefined));
    return { ...given, ...(system !== undefined && { targetNo: system.no }) };
  }

  #body(change: ChangeView, withValues: boolean): ChangeBody {
    return toChangeBody(change, withValues ? this.#content(change) : undefined);
  }

  #content(change: ChangeView): JsonObject {
    if (change.content === null) return {};
    const place = `change/${change.targetNo}/${change.entityNo}`;
    const content = this.#sealer.open(change.content, place);
    return change.basis === null ? content : withFound(content, this.#sealer.open(change.basis, place));
  }
}

const EXPORT_PORTION = 1_000;

function nothingDecided(decision: string, result: Awaited<ReturnType<typeof decide>>): ProblemError {
  const states = Object.entries(result.refused).map(([state, count]) => `${count} ${state}`);
  if (result.ownApproval > 0) states.push(`${result.ownApproval} approved by you: somebody else has to be the second`);
  const found = states.length === 0 ? 'no change fits' : `what fits is ${states.join(', ')}`;
  return new ProblemError('nothing-to-decide', `there was nothing to ${decision}: ${found}`);
}
