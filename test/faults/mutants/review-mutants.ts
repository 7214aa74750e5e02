import { expression, mutant, sql, statements } from './build.js';
import type { CaughtMutant } from './build.js';

const APPLYING = 'activities/plan/applying-sink.ts';
const APPROVED = 'state/plans/approved.ts';
const BUDGET = 'state/governor/budget.ts';
const LEASE = 'state/drain/lease.ts';

/** Broken engines of plans, governor, healing and conflicts (safety.md), and of the sentences of engine.md that need more than one actor. */
export const REVIEW_MUTANTS: readonly CaughtMutant[] = [
  mutant(
    'one barrier for all targets',
    '§6 ⚠ a global barrier would let the slowest target hold up all others',
    'a target that stands still beside another one',
    ['engine §6 chains'],
    sql(
      LEASE,
      'where b.target_id = $1 and b.source_id = $2 and b.type = $3 and b.lease_until is not null',
      'where $1::int is not null and b.source_id = $2 and b.type = $3 and b.lease_until is not null',
    ),
  ),
  mutant(
    'what could not be read counts as read',
    '§5 ⚠ a failure sets source_hash null and goes to failed_keys',
    'a person who cannot be read any more',
    ['engine §5 failures'],
    expression(
      'state/intake/commit-page.ts',
      "'update entity set source_hash = null where entity_no = any($1::bigint[])'",
      "'update entity set source_hash = source_hash where entity_no = any($1::bigint[])'",
    ),
  ),
  mutant(
    'a confirmation never gets old',
    '§3.7 a confirmation is at most 10 minutes old when the delete is sent; a run that was paused for more than 60 s confirms anew',
    'a confirmation from before a long pause',
    ['engine 7'],
    expression('state/absence/candidates.ts', 'Math.max(0, Math.floor(maxAgeMs))', '24 * 3_600_000'),
  ),
  mutant(
    'reading goes on after any pause',
    '§3.9 an index-paged type that was paused for more than 60 s starts a new epoch',
    'a long rest between two pages',
    ['engine 9'],
    expression(
      'activities/intake/intake-chunk.ts',
      "(read.idleSeconds ?? 0) * 1000 > services.timing.pagingPauseMs && capabilities.paging === 'index'",
      'false',
    ),
  ),
  mutant(
    'claims bind nobody',
    '§3.8 a target_claim on the target key covers each adopt',
    'two sources adopt one account',
    ['engine 8'],
    sql('state/drain/claims.ts', 'where c.until < clock_timestamp()\n     returning 1', 'where true\n     returning 1'),
  ),
  mutant(
    'a lost answer is no reason to look',
    'RTY-5 after a lost answer the account is looked for before anything is sent again',
    'the answer to a create gets lost',
    ['7'],
    statements(
      'activities/drain/create.ts',
      "const found = await lookUp(env, work, sentDocument(mapped));\n      if (found.outcome === 'one') return adopt(env, work, found, { document: sentDocument(mapped), sentAt });\n      if (found.outcome === 'many') return failed(work, 'create', tooMany(found.ids.length));",
      'continue;',
    ),
  ),
  mutant(
    'a plan sends',
    'PLN-3, PLN-4 planning sends nothing',
    'a plan of two changes, one of them approved',
    ['PLN-3'],
    expression('activities/plan/sink-of.ts', 'plansOnly(context) ? new PlanningSink(governed) : governed', 'governed'),
  ),
  mutant(
    'everything planned is applied',
    'PLN-9 apply executes the approved changes and nothing else',
    'a plan of two changes, one of them approved',
    ['PLN-9'],
    sql(
      APPROVED,
      "and entity_no = n.entity and state = 'approved'",
      "and entity_no = n.entity and state in ('approved', 'planned')",
    ),
    sql(
      APPROVED,
      "c.type = $3 and c.state = 'approved' and c.cause is null and c.entity_no",
      "c.type = $3 and c.state in ('approved', 'planned') and c.cause is null and c.entity_no",
    ),
  ),
  mutant(
    'applied whatever has moved',
    'PLN-10 link version and entity hash must be those of the plan',
    'a person changes between approval and application',
    ['PLN-10'],
    statements(APPLYING, "if (!sameEntity) return 'the entity has changed since the plan';", ''),
    // The result of the mapping would show it too.
    statements(
      APPLYING,
      "if (!sameHash(planned?.hash ?? null, approved.targetHash)) return notApplied(work, 'obsolete', OTHER_RESULT);\n    if (approved.verb === 'update' || approved.verb === 'addMember') return work;",
      "if (approved.verb === 'update' || approved.verb === 'addMember') return work;",
    ),
  ),
  mutant(
    'what is refused is done all the same',
    'PLN-8, GOV-8 what is rejected is left alone until its data moves',
    'a refused change',
    ['GOV-8'],
    sql(
      'state/plans/decide.ts',
      'where b.target_id = n.target_id and b.entity_no = n.entity_no',
      'where b.target_id = n.target_id and b.entity_no = n.entity_no and false',
    ),
  ),
  mutant(
    'budget is not reserved',
    'GOV-3 budget is reserved before sending',
    'two disables, one run after the other',
    ['GOV-3'],
    statements(BUDGET, 'await noteUse(sql, request, taken);', ''),
  ),
  mutant(
    'deletions are not counted',
    'GOV-5 deletions of a run are counted before the first is executed',
    'two leave and one may be deleted',
    ['GOV-3'],
    expression(
      BUDGET,
      'window === undefined || (await exceeds(sql, budget, budget.limit, window, count))',
      'window === undefined',
    ),
  ),
  mutant(
    'a raised limit releases',
    'GOV-8 raising a limit releases nothing by itself',
    'the limit is raised and the held person changes',
    ['GOV-8'],
    expression(
      'activities/plan/governed-sink.ts',
      'work.row.heldClass !== null && isHeldBefore(one, work.row.heldClass)',
      'false',
    ),
  ),
  mutant(
    'time releases',
    'GOV-8 the passing of time releases nothing by itself',
    'nobody decides in time',
    ['GOV-8'],
    sql(
      'state/plans/reconcile-changes.ts',
      'and p.expires_at <= now()\n        returning c.target_id, c.entity_no)\n     ${OFFER}',
      "and p.expires_at <= now()\n        returning c.target_id, c.entity_no)\n     ${OFFER.replace('last_run = null', 'last_run = null, held_class = null')}",
    ),
  ),
  mutant(
    'quarantine binds nobody',
    'HEA-5 whoever is in quarantine is left alone until released',
    'somebody in quarantine changes',
    ['HEA-5'],
    sql(
      LEASE,
      '(b.state in (${BACKLOG_STATE.due}, ${BACKLOG_STATE.deferred}, ${BACKLOG_STATE.parked})',
      '(b.state in (${BACKLOG_STATE.due}, ${BACKLOG_STATE.deferred}, ${BACKLOG_STATE.parked}, ${BACKLOG_STATE.quarantined})',
    ),
  ),
  mutant(
    'healing asks nobody',
    'engine §9 readOne first when the body is older than 15 minutes; not found → nothing is sent',
    'somebody leaves before healing comes',
    // Whether somebody who is to be created is still there is asked once more, so that an old update shows it.
    ['engine §9'],
    expression('activities/heal/heal-rows.ts', "!one.isStale || this.stale === 'linked'", 'true'),
    expression(
      'activities/heal/heal-rows.ts',
      "this.stale === 'linked' ? [] : candidates.filter((one) => one.isStale)",
      '[]',
    ),
  ),
  mutant(
    'what drifted stays held',
    'PLN-10, GOV-8 what is not applied after all is looked at again',
    'a removal that drifted',
    ['1'],
    sql(
      APPROVED,
      "where c.change_no = any($1::bigint[]) and c.change_no = n.change_no and c.state = 'approved'\n        returning c.target_id, c.entity_no)\n     ${OFFER}",
      "where c.change_no = any($1::bigint[]) and c.change_no = n.change_no and c.state = 'approved'\n        returning c.target_id, c.entity_no)\n     select 1 from ended",
    ),
  ),
];
