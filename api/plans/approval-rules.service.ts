import { Inject, Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { decideByRules, reportOf } from '../../core/plan/approval-rules.js';
import type { ApprovalRule, RuleReport } from '../../core/plan/approval-rules.js';
import { checkRules } from '../../core/plan/check-rules.js';
import type { RuleSurroundings } from '../../core/plan/check-rules.js';
import { secondPersonFor } from '../../core/plan/second-person.js';
import { writtenAttributes } from '../../core/plan/written-attributes.js';
import { loadRunConfiguration } from '../../state/config/index.js';
import type { RunConfiguration } from '../../state/config/index.js';
import { SqlPool } from '../../state/database.js';
import { groupsOfPlan, lastPlanOf, readApprovalRules, readPlan, saveApprovalRules } from '../../state/plans/index.js';
import type { ApprovalRules } from '../../state/plans/index.js';
import type { Principal } from '../auth/auth.service.js';
import { isoInstant } from '../common/paging.schemas.js';
import { ProblemError, notFound } from '../common/problem.js';
import { DATA_SOURCE, SQL_POOL } from '../infrastructure.js';
import { SystemLookup } from '../systems/system-lookup.js';
import type { DryRunBody, DryRunResult, RulesBody, RulesView } from './approval-rules.schemas.js';

/** What of a source's plans is approved without a person (PLN-13). */
@Injectable()
export class ApprovalRulesService {
  constructor(
    @Inject(SQL_POOL) private readonly pool: SqlPool,
    @Inject(DATA_SOURCE) private readonly dataSource: DataSource,
    @Inject(SystemLookup) private readonly systems: SystemLookup,
  ) {}

  /** One version, or the one in force. */
  async read(systemId: string, version?: number): Promise<RulesView> {
    const configuration = await this.#configuration(systemId);
    const found = await readApprovalRules(this.pool, configuration.source.no, version);
    if (found === undefined) throw notFound(`version ${version ?? 0} of these rules`);
    return toView(found, configuration);
  }

  /** Saves the next version. Problems: `invalid-rules` naming each wrong place, `rules-moved`. */
  async save(systemId: string, { rules, comment, baseVersion }: RulesBody, caller: Principal): Promise<RulesView> {
    const configuration = await this.#configuration(systemId);
    refuseWrong(rules, configuration);
    const { no, name } = configuration.source;
    const saved = { sourceNo: no, rules, comment, savedBy: caller.userName };
    const version = await saveApprovalRules(this.pool, { ...saved, ...(baseVersion !== undefined && { baseVersion }) });
    if (version === undefined)
      throw new ProblemError('rules-moved', `the rules of ${name} were saved since version ${baseVersion ?? 0}`, {
        errors: [{ pointer: '/baseVersion', message: 'is not the version in force: read the rules again' }],
      });
    return this.read(systemId, version);
  }

  /** What rules would have approved of a plan, whatever has become of it. Problems: as {@link save}, and `no-plan`. */
  async dryRun(systemId: string, body: DryRunBody): Promise<DryRunResult> {
    const configuration = await this.#configuration(systemId);
    const { source } = configuration;
    if (body.rules !== undefined) refuseWrong(body.rules, configuration);
    const rules = body.rules ?? (await readApprovalRules(this.pool, source.no))?.rules ?? [];
    const plan = await this.#plan(source, body.planId);
    const groups = await groupsOfPlan(this.pool, plan.planNo, [...new Set(rules.flatMap((rule) => rule.facets ?? []))]);
    const twoPeople = secondPersonFor(source.properties);
    const report = reportOf(rules, groups, decideByRules(rules, groups, twoPeople), twoPeople);
    return {
      planId: plan.id,
      ...report,
      byVerb: { ...report.byVerb },
      byRule: [...report.byRule],
      stopped: report.stopped.map((one) => ({ ...one, message: told(one) })),
    };
  }

  async #plan(source: RunConfiguration['source'], planId: string | undefined): Promise<{ planNo: number; id: string }> {
    if (planId === undefined) {
      const last = await lastPlanOf(this.pool, source.no);
      if (last !== undefined) return last;
      throw new ProblemError('no-plan', `${source.name} has no plan yet: run a job with "plan": true first`);
    }
    const plan = await readPlan(this.pool, planId);
    if (plan === undefined || plan.sourceNo !== source.no) throw notFound(`plan ${planId} of ${source.name}`);
    if (plan.completedAt === null)
      throw new ProblemError('plan-incomplete', `the job of plan ${plan.id} still runs: wait for its end`);
    return plan;
  }

  async #configuration(systemId: string): Promise<RunConfiguration> {
    const system = await this.systems.require(systemId);
    if (system.role !== 'source')
      throw new ProblemError(
        'not-found',
        `${system.name} is not a source: what is sent for a source is approved there`,
      );
    return loadRunConfiguration(this.dataSource, system.no);
  }
}

function toView({ version, rules, comment, savedBy, savedAt }: ApprovalRules, { source }: RunConfiguration): RulesView {
  const inForce = source.properties['ips.plan.first']?.trim() === 'true';
  return { version, rules: rules.map(toBody), comment, savedBy, savedAt: savedAt && isoInstant(savedAt), inForce };
}

function toBody({ name, verbs, atMost, attributes, facets, targets, types }: ApprovalRule): RulesView['rules'][number] {
  return {
    name,
    verbs: [...verbs],
    atMost,
    ...(attributes !== undefined && { attributes: [...attributes] }),
    ...(facets !== undefined && { facets: [...facets] }),
    ...(targets !== undefined && { targets: [...targets] }),
    ...(types !== undefined && { types: [...types] }),
  };
}

function refuseWrong(rules: readonly ApprovalRule[], { source, targets }: RunConfiguration): void {
  const around: RuleSurroundings = {
    sourceName: source.name,
    twoPeopleFor: secondPersonFor(source.properties),
    hasFacet: (source.properties['ips.plan.facet'] ?? '').trim() !== '',
    targets: targets.map(({ id, name, transformation }) => ({
      id,
      name,
      attributes: writtenAttributes(transformation),
    })),
  };
  const problems = checkRules(rules, around);
  if (problems.length === 0) return;
  const detail = problems.map(({ pointer, message }) => `${pointer}: ${message}`).join('; ');
  throw new ProblemError('invalid-rules', detail, { errors: problems });
}

type Stopped = RuleReport['stopped'][number];

const TOLD: Readonly<Record<Stopped['reason'], string>> = {
  twoPeople: 'their verb needs two people',
  existingAccount: 'they take over accounts that exist, which somebody has to look at',
  verb: 'no rule names their verb',
  target: 'they are in another target',
  type: 'they are of another entity type',
  facet: 'their facet is not named',
  attributes: 'they change other attributes, too',
  atMost: 'more changes fit than may be approved at once',
};

function told({ reason, rule }: Stopped): string {
  return rule === null ? TOLD[reason] : `rule ${rule}: ${TOLD[reason]}`;
}
