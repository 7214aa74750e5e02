import type { JournalRecord } from '../../../simulators/scim/journal.js';
import type { Evidence, TargetEvidence, Violation } from './evidence.js';
import { writesOf } from './requests.js';
import { runAt, runSpans } from './runs.js';
import type { RunSpan } from './runs.js';

/** Clocks of database and process differ by less: one machine, and a clock that is corrected now and then. A run begins later than this after a decision. */
const CLOCK_MARGIN_MS = 10;

/**
 * What somebody has to decide (safety.md): a plan sends nothing (PLN-3), its application executes what was approved and nothing else
 * (PLN-9), what is kept back or refused is not done (GOV-8, PLN-8), the governor lets through no more than it may (GOV-3), and whoever is
 * in quarantine is left alone (HEA-5). That an applied change was made of what is there today (PLN-10) is watched by a trigger.
 */
export async function checkDecisions(evidence: Evidence): Promise<Violation[]> {
  const spans = await runSpans(evidence);
  return [
    ...evidence.targets.flatMap((target) => sentByPlans(target, spans)),
    ...(await checkBudgets(evidence, spans)),
    ...evidence.targets.flatMap(touchedInQuarantine),
    ...evidence.targets.flatMap((target) => healedUnasked(evidence, target, spans)),
    ...(await checkApplications(evidence, spans)),
    ...(await checkKept(evidence)),
  ];
}

function sentByPlans(target: TargetEvidence, spans: readonly RunSpan[]): Violation[] {
  return writesOf(target).flatMap((record) => {
    const run = runAt(spans, record.receivedAtMs);
    if (run === undefined || !run.kind.endsWith('Plan')) return [];
    return [
      {
        rule: 'PLN-3',
        message: `${record.method} ${record.path} was sent to ${target.name} by the plan of run ${run.runKey}`,
      },
    ];
  });
}

async function checkBudgets({ pool, targets }: Evidence, spans: readonly RunSpan[]): Promise<Violation[]> {
  // The end of a create whose answer got lost: the account becomes what the person is by now.
  const finished = await pool.query<{ targetNo: number; runKey: number; name: string }>(
    `select g.target_id as "targetNo", g.run_key as "runKey", lower(e.source_key || '@example.com') as name
       from entity_log g join entity e on e.entity_no = g.entity_no
      where g.operation = 'adopt' and g.result = 'created' and g.target_id = any($1::int[])`,
    [targets.map((target) => target.no)],
  );
  return targets.flatMap((target) => {
    const created = new Set(
      finished.flatMap((one) => (one.targetNo === target.no ? [`${one.runKey} ${one.name}`] : [])),
    );
    return beyondBudget(target, spans, created);
  });
}

/** What is approved does not count (GOV-3). `created`: by which run whose account was finished. */
function beyondBudget(target: TargetEvidence, spans: readonly RunSpan[], created: ReadonlySet<string>): Violation[] {
  const { budget } = target;
  if (budget === undefined) return [];
  const counted = { delete: 0, disable: 0 };
  const active = new Map<string, boolean>();
  for (const record of writesOf(target)) {
    if (record.type !== 'User' || !record.applied || record.entityId === undefined) continue;
    const run = runAt(spans, record.receivedAtMs);
    const isFree = record.receivedAtMs < budget.sinceMs || run?.kind === 'apply';
    const isCreate =
      record.operation === 'create' || created.has(`${run?.runKey ?? ''} ${record.key?.toLowerCase() ?? ''}`);
    const disables = activeIn(record) === false && active.get(record.entityId) !== false && !isCreate;
    active.set(record.entityId, activeIn(record) ?? active.get(record.entityId) ?? true);
    if (isFree) continue;
    if (record.operation === 'delete') counted.delete += 1;
    else if (disables) counted.disable += 1;
  }
  return (['delete', 'disable'] as const).flatMap((name) => {
    const limit = budget.limits[name];
    return limit === undefined || counted[name] <= limit
      ? []
      : [{ rule: 'GOV-3', message: `${counted[name]} ${name} in ${target.name}, ${limit} are let through` }];
  });
}

/** The value of `active` that a write sets, whole or as a PATCH operation; undefined: none. */
function activeIn({ body = '' }: JournalRecord): boolean | undefined {
  const found = /"active":(true|false)/.exec(body) ?? /"path":"active","value":(true|false)/.exec(body);
  return found === null ? undefined : found[1] === 'true';
}

function touchedInQuarantine(target: TargetEvidence): Violation[] {
  return writesOf(target).flatMap((record) => {
    const isQuarantined = (target.quarantines ?? []).some(
      ({ name, fromMs, toMs }) =>
        record.type === 'User' &&
        record.key?.toLowerCase() === name &&
        record.receivedAtMs > fromMs + CLOCK_MARGIN_MS &&
        record.receivedAtMs < toMs - CLOCK_MARGIN_MS,
    );
    return isQuarantined
      ? [{ rule: 'HEA-5', message: `${record.method} of ${record.key ?? ''} in ${target.name}, who is in quarantine` }]
      : [];
  });
}

/** Engine.md §9: between jobs nothing is sent for a person whose data is old before the source was asked for that person. */
function healedUnasked(evidence: Evidence, target: TargetEvidence, spans: readonly RunSpan[]): Violation[] {
  const { agedAtMs, sources } = evidence;
  if (agedAtMs === undefined) return [];
  const asked = sources.flatMap(({ simulator }) =>
    simulator.journal.since(0).filter(({ operation, receivedAtMs }) => operation === 'get' && receivedAtMs >= agedAtMs),
  );
  return writesOf(target).flatMap((record) => {
    const atMs = record.receivedAtMs;
    const [id = ''] = (record.key ?? '').toLowerCase().split('@');
    const wasReadSince = spans.some(({ startedMs }) => startedMs >= agedAtMs && startedMs <= atMs);
    if (record.type !== 'User' || atMs < agedAtMs || wasReadSince || runAt(spans, atMs) !== undefined) return [];
    if (asked.some((one) => one.entityId?.toLowerCase() === id && one.receivedAtMs <= atMs)) return [];
    const message = `${record.method} of ${record.key ?? ''} in ${target.name} between jobs, and the source was not asked for him`;
    return [{ rule: 'engine §9', message }];
  });
}

interface ChangeRow {
  readonly planNo: number;
  readonly targetNo: number;
  readonly type: number;
  readonly state: string;
  readonly standing: boolean;
  readonly verb: string;
  readonly class: string;
  readonly sourceKey: string;
  readonly targetKey: string | null;
  readonly isApproved: boolean;
  /** A Resync would write what is there already: whoever refuses that refuses no other content. */
  readonly isRewrite: boolean;
  /** Since when it was kept back: the end of the run that made it, or the moment it was rejected. */
  readonly fromMs: number | null;
  readonly toMs: number;
}

async function changes({ pool, targets }: Evidence): Promise<ChangeRow[]> {
  const ms = (column: string): string => `extract(epoch from ${column})::float8 * 1000`;
  return pool.query<ChangeRow>(
    `select c.plan_no as "planNo", c.target_id as "targetNo", c.type, c.state, c.standing, c.verb, c.class, c.source_key as "sourceKey",
            c.target_key as "targetKey", c.decided_by is not null and c.state <> 'rejected' as "isApproved",
            c.forced and c.verb = 'update' and c.attributes = '{}' as "isRewrite",
            case when p.kind = 'held' then ${ms('r.ended_at')} when c.state = 'rejected' then ${ms('c.decided_at')} end as "fromMs",
            case when c.state in ('rejected', 'expired') then coalesce(${ms('d.until')}, 'infinity'::float8)
                 else coalesce(${ms('c.decided_at')}, ${ms('c.ended_at')}, 'infinity'::float8) end as "toMs"
       from change c join plan p on p.plan_no = c.plan_no left join run r on r.run_key = c.run_key
       -- Refused, or not decided in time: until the person changes, or the same is approved later.
       left join lateral (select min(x.at) as until from (
              select m.at from fault_moved m where m.entity_no = c.entity_no and m.at > coalesce(c.decided_at, r.ended_at)
              union all
              select n.decided_at from change n where n.target_id = c.target_id and n.entity_no = c.entity_no and n.change_no > c.change_no
                                                  and n.decided_at is not null and n.state <> 'rejected') x) d on true
      where c.target_id = any($1::int[])`,
    [targets.map((target) => target.no)],
  );
}

async function checkApplications(evidence: Evidence, spans: readonly RunSpan[]): Promise<Violation[]> {
  if (!spans.some(({ kind }) => kind === 'apply')) return [];
  const approved = (await changes(evidence)).filter(({ isApproved }) => isApproved);
  return evidence.targets.flatMap((target) =>
    writesOf(target).flatMap((record) => {
      const run = runAt(spans, record.receivedAtMs);
      if (run?.kind !== 'apply') return [];
      const isAllowed = approved.some(
        (change) => change.planNo === run.planNo && change.targetNo === target.no && concerns(change, record),
      );
      const message = `${record.method} of ${record.key ?? record.path} in ${target.name} by run ${run.runKey}, and nobody has approved it`;
      return isAllowed ? [] : [{ rule: 'PLN-9', message }];
    }),
  );
}

/** Kept back by the governor until it was decided, or refused: nobody does it meanwhile. Another operation on the pair may go on (GOV-8). */
async function checkKept(evidence: Evidence): Promise<Violation[]> {
  const kept = (await changes(evidence)).filter(({ fromMs, isRewrite }) => fromMs !== null && !isRewrite);
  return evidence.targets.flatMap((target) => {
    const own = kept.filter(({ targetNo }) => targetNo === target.no);
    if (own.length === 0) return [];
    return writesOf(target).flatMap((record) =>
      own
        .filter(
          (change) =>
            record.receivedAtMs > (change.fromMs ?? Infinity) + CLOCK_MARGIN_MS &&
            record.receivedAtMs < change.toMs - CLOCK_MARGIN_MS &&
            concerns(change, record) &&
            isOfVerb(change, record),
        )
        .map((change) => ({
          rule: 'GOV-8',
          message: `${record.method} of ${record.key ?? record.path} in ${target.name} although ${change.verb} is ${change.state}`,
        })),
    );
  });
}

function concerns(change: ChangeRow, record: JournalRecord): boolean {
  if (record.entityId !== undefined && record.entityId === change.targetKey) return true;
  const name = change.type === 1 ? `${change.sourceKey}@example.com` : `Group ${change.sourceKey}`;
  const type = change.type === 1 ? 'User' : 'Group';
  return record.type === type && record.key?.toLowerCase() === name.toLowerCase();
}

function isOfVerb(change: ChangeRow, record: JournalRecord): boolean {
  if (change.verb === 'delete') return record.operation === 'delete';
  if (change.verb === 'create') return record.operation === 'create';
  if (change.verb === 'disable') return record.operation !== 'create' && activeIn(record) === false;
  // An update that was refused as a whole; of one that was kept back in part the rest goes on.
  return (
    change.state === 'rejected' &&
    ['replace', 'patch'].includes(record.operation ?? '') &&
    change.class !== 'removeMember'
  );
}
