import { expression, mutant, sql, statements } from './build.js';
import type { CaughtMutant } from './build.js';

const SETTLE = 'state/drain/settle.ts';
const LEASE = 'state/drain/lease.ts';
const ORIGIN = 'activities/drain/origin.ts';
const DRAIN = 'activities/drain/drain.ts';

/** Broken engines, one for each invariant and each sentence marked ⚠ that one guard alone upholds (docs/faults.md). */
export const MUTANTS: readonly CaughtMutant[] = [
  mutant(
    'takeover without force',
    '§3.3 ⚠ a lease taken over after expiry is settled by a second, forced, absolute write',
    'died with the answer, then reverted',
    ['1'],
    sql(
      LEASE,
      '(b.forced or picked.taken_over or coalesce(b.force_run = $6, false)) as forced',
      'b.forced and false as forced',
    ),
    sql(LEASE, 'forced = b.forced or picked.taken_over', 'forced = false'),
  ),
  mutant(
    'settle without gen',
    '§5 ⚠ settle deletes a backlog row only if gen is still the leased one',
    'A → B → A between lease and settle',
    ['1', 'engine 1'],
    sql(
      SETTLE,
      'and (b.entity_no, b.gen) in (select * from unnest($2::bigint[], $3::bigint[]))',
      'and $3::bigint[] is not null',
    ),
  ),
  mutant(
    'gen stands still',
    '§5 ⚠ the unconditional upsert with gen is what closes A → B → A',
    'A → B → A between lease and settle',
    ['1', 'engine 1'],
    sql(
      'state/intake/demand.ts',
      'set gen = b.gen + 1, reason = excluded.reason',
      'set gen = b.gen, reason = excluded.reason',
    ),
  ),
  mutant(
    'body in the lease statement',
    '§6 ⚠ later statement: bodies and links; never in the same CTE as the lease',
    'a page between the look and the lease',
    ['1', 'engine 1'],
    expression(
      'activities/drain/run-rows.ts',
      'await intakeIsOver(env.services.pool, env.runKey, env.typeCode)',
      "(globalThis.musterEarly = await (await import('../../state/drain/pair-facts.js')).readPairs(env.services.pool, env.targetNo, (await env.services.pool.query('select entity_no as no from backlog where target_id = $1', [env.targetNo])).map((row) => row.no)), await intakeIsOver(env.services.pool, env.runKey, env.typeCode))",
    ),
    expression(
      'activities/drain/prepare-batch.ts',
      'await readPairs(env.services.pool, env.targetNo, entityNos)',
      'globalThis.musterEarly',
    ),
  ),
  mutant(
    'no token check',
    '§3.2 link.* changes only in settle transactions, which check the lease token',
    'a settle that comes a run too late',
    ['1', 'engine 1', 'engine 2'],
    sql(
      SETTLE,
      'and entity_no = any($2::bigint[]) and lease_token = $3\n      order by',
      'and entity_no = any($2::bigint[]) and $3::bigint is not null\n      order by',
    ),
  ),
  mutant(
    'refused settle is forgotten',
    '§6 a settle whose token is refused upserts the row with force',
    'a write that comes a run too late',
    ['1'],
    statements(SETTLE, 'await forceRefused(sql, context, refused);', ''),
  ),
  mutant(
    'no confirmation',
    '§3.7 ⚠ one deletion plus one addition between two pages hide a present person from every count',
    'paging drift',
    ['4'],
    expression('activities/absence/confirm.ts', "entity === null ? 'absent' : 'found'", "'absent'"),
  ),
  mutant(
    'delete in a drain',
    '§3.6 a drain never deletes or disables because of absence or a condition',
    'out of scope in a run that could not read all',
    ['engine 6'],
    expression(
      'activities/drain/execute.ts',
      "['update', 'create', 'resolve', 'writeBack'].includes(work.evaluation.action)",
      "['update', 'create', 'resolve', 'writeBack', 'markOutOfScope'].includes(work.evaluation.action)",
    ),
    statements(
      'activities/drain/execute.ts',
      'throw new NotSentError(`the action ${work.evaluation.action} sends nothing`);',
      "await env.connector.delete(env.type, work.pair.link.targetKey, {}); return settlement(work, { kind: 'settled' }, { link: { kind: 'removed' }, log: { operation: 'delete', result: 'deleted', code: null, message: null, durationMs: 0 } });",
    ),
  ),
  mutant(
    'origin always created',
    '§3.5 ⚠ an account that was there and a lost 409 must never become ours',
    'a 409 that got lost',
    ['engine 5'],
    expression(
      ORIGIN,
      "inWindow && containsContent(found.entity.body, sent.document) ? 'created' : 'existedBefore'",
      "'created'",
    ),
  ),
  mutant(
    'creation time is not looked at',
    '§3.5 created within [sent_at − granularity, sent_at + request timeout + skew] on a known target clock',
    'a 409 that got lost',
    ['engine 5'],
    expression(
      ORIGIN,
      'createdMs >= sentMs - creationTimeGranularityMs && createdMs <= sentMs + requestTimeoutMs + CLOCK_SKEW_MS',
      'true',
    ),
  ),
  mutant(
    'the clock of the process is believed',
    '§3.5, §9 times that are compared are the database’s',
    'a 409 that got lost, on a machine whose clock is fast',
    ['engine 5'],
    expression(ORIGIN, '(deps.clock().getTime() - now.getTime())', '0'),
  ),
  mutant(
    'content is not looked at',
    '§3.5 content equal to what we sent',
    'a stranger after an unsent create',
    ['engine 5'],
    statements(
      'core/sync/contains.ts',
      'return Object.entries(sent).every(([name, value]) => SERVER_ATTRIBUTES.has(name) || contains(found[name], value));',
      'return true;',
    ),
  ),
  mutant(
    'whoever conflicts is ours',
    '§3.5 everything else existed before',
    'a plain conflict',
    ['engine 5'],
    expression(
      'activities/drain/adopt.ts',
      "sent === null ? 'existedBefore' : proveOrigin(env, sent, found, hasOtherLinks)",
      "'created'",
    ),
  ),
  mutant(
    'any answer to a create makes it ours',
    '§3.5 origin created needs our 201',
    'a server that overwrites on POST',
    ['engine 5'],
    expression('activities/drain/create.ts', "result.applied === 'created'", 'true'),
  ),
  mutant(
    'no intent before the send',
    '§3.4 a create is preceded by a committed link row creating',
    'died with the answer to a create',
    ['7', '3'],
    expression(
      'activities/drain/prepare-batch.ts',
      `await writeCreateIntents(
    env.services.pool,
    { targetNo: env.targetNo, type: env.typeCode },
    token,
    intents,
  )`,
      'new Map(intents.map((intent) => [intentKey(intent), new Date()]))',
    ),
  ),
  mutant(
    'intents are not resolved first',
    '§3.4 whoever finds one resolves it by those keys first',
    'died with the answer to a create',
    ['7', '3'],
    statements(
      'core/sync/in-step.ts',
      "if (facts.link === 'creating') return 'resolve';",
      "if (facts.link === 'creating') return 'create';",
    ),
  ),
  mutant(
    'unsent intents stay',
    '§3.4 ⚠ on stop, gate closure or shutdown a process turns its unsent creating rows back to none',
    'throttled before most were sent',
    ['engine 4'],
    expression(
      'activities/drain/outcomes.ts',
      "work.evaluation.action === 'create' && work.intentAt !== null && !work.sent",
      'false',
    ),
  ),
  mutant(
    'leavers are created',
    '§7 ⚠ never creates an account for somebody who has left',
    'a create that failed before the leave',
    ['engine §7'],
    expression('activities/drain/work.ts', "work.row.seen || env.tools.context.mode === 'delta'", 'true'),
  ),
  mutant(
    'time is not looked at',
    '§5 ⚠ otherwise people with an end date never leave',
    'an end date passes',
    ['1'],
    statements(
      'activities/intake/due-by-time.ts',
      'due.push({ targetNo: target.snapshot.no, entityNo: pair.entityNo });',
      '',
    ),
  ),
  mutant(
    'no fence',
    '§3.2 entity.* changes only in intake transactions, which check the fence',
    'a page of an attempt that was overtaken',
    ['10'],
    statements('state/runs/fence.ts', 'if (rows.length > 0) return;', 'return;'),
  ),
  mutant(
    'older answers win',
    '§5 an older answer never overwrites a newer one (with the fence gone too)',
    'a page of an attempt that was overtaken',
    ['engine §5 read_seq'],
    statements('state/runs/fence.ts', 'if (rows.length > 0) return;', 'return;'),
    sql('state/intake/commit-page.ts', 'where e.read_seq < excluded.read_seq', 'where true'),
  ),
  mutant(
    'no threshold',
    'DEL-8 more candidates than the threshold: none is deleted',
    'more leavers than allowed',
    ['4'],
    statements(
      'state/absence/candidates.ts',
      'if (counted <= rule.threshold) return { wanted: 0, entityNos: [], message };',
      'return { wanted: 0, entityNos: [], message };',
    ),
  ),
  mutant(
    'failed entities block nothing',
    'DEL-1, §7 candidates are built after a complete full read',
    'a leaver beside an unreadable entity',
    ['4'],
    statements('state/absence/verdict.ts', 'if (failed === 0) return null;', 'return null;'),
  ),
  mutant(
    'existed before is deleted',
    'DEL-12 an entity that existed before is never deleted without the property',
    'an adopted stranger leaves',
    ['4'],
    expression('activities/absence/judge-candidate.ts', '!isOurs && !deletesExistedBefore(env.tools.target)', 'false'),
  ),
  mutant(
    'only my link counts',
    'DEL-20 step 1: somebody present has the same target entity',
    'one of two sources loses a person',
    ['4'],
    expression('activities/absence/judge-candidate.ts', 'heirs.length > 0', 'false'),
  ),
  mutant(
    'deaf to a stop',
    'STP-2 no request starts later than 1 s after a stop',
    'a stop while a target is slow',
    ['8'],
    expression('activities/support/run-watch.ts', 'signal.stop', 'false'),
  ),
  mutant(
    'no bound in flight',
    '§6 at most C in flight',
    'many creates',
    ['6'],
    expression(DRAIN, 'this.inFlight < this.limits.concurrency', 'true'),
  ),
  mutant(
    'leases bind nobody',
    '§3.8 one writer per target entity: the lease covers the pair',
    'two attempts of one drain',
    ['engine 8'],
    sql(
      LEASE,
      "else b.lease_until + $10::int * interval '1 millisecond' < clock_timestamp() end",
      'else $10::int is not null end',
    ),
  ),
  mutant(
    'requests under a lease that is over',
    '§3.3 a request starts only under a lease with at least its timeout plus margin left',
    'a process that stood still before the check',
    ['5'],
    expression('activities/drain/lease-clock.ts', 'requestTimeoutMs + SAFETY_MS < this.remainingMs()', 'true'),
  ),
  mutant(
    'no sweep',
    '§6 enable and connect insert a pair_sweep in the same transaction',
    'a target that was disabled meanwhile',
    ['engine 1', '1'],
    statements('state/config/pairs.ts', 'if (wanted.length === 0) return;', 'return;'),
  ),
  mutant(
    'newer programs are overwritten',
    '§6 ⚠ a run never overwrites what was written under a higher number, and counts such a pair as in step',
    'a run with an older program',
    ['engine §6 programs'],
    expression('activities/drain/prepare-batch.ts', 'link.program > env.tools.target.snapshot.programNumber', 'false'),
    sql(
      'state/drain/link-writes.ts',
      'where l.program <= excluded.program or l.state = ${LINK_STATE.creating}',
      'where true',
    ),
  ),
  mutant(
    'the end of reading is looked at last',
    '§6 intake done was read before an empty lease query',
    'the last page comes between lease and look',
    ['engine §6 end of a drain'],
    statements(
      'activities/drain/run-rows.ts',
      'if (env.planNo === undefined) return { lease: await leaseRows(env.services.pool, query), over };',
      'const lease = await leaseRows(env.services.pool, query); return { lease, over: await intakeIsOver(env.services.pool, env.runKey, env.typeCode) };',
    ),
    // Without this second look the first sentence alone stands between a late page and its drain.
    expression(DRAIN, '!this.isQuiet', 'false'),
  ),
];
