import type { SqlPool } from '../../../state/database.js';
import type { Evidence, Violation } from './evidence.js';

const CLOCK_MARGIN_MS = 50;

/**
 * Invariant 2: whoever was in the source during a whole complete read was delivered by its winning epoch. While others join and leave,
 * pages may move, and no reader can promise it; then he must at least not be deleted (invariant 4).
 */
export async function checkSeen(evidence: Evidence): Promise<Violation[]> {
  const violations: Violation[] = [];
  for (const source of evidence.sources) {
    const reads = await evidence.pool.query<{
      runKey: number;
      type: number;
      fromMs: number;
      toMs: number;
      keys: string[];
    }>(
      `select t.run_key as "runKey", t.type, extract(epoch from r.started_at)::float8 * 1000 as "fromMs",
              extract(epoch from t.last_page_at)::float8 * 1000 as "toMs",
              coalesce((select array_agg(p.failed_keys::text) from run_page p where p.run_key = t.run_key and p.type = t.type and p.epoch = t.epoch), '{}') as failures,
              array(select e.source_key from run_page p cross join lateral unnest(p.seen || p.skipped) n
                      join (select entity_no, source_key from entity union all select entity_no, source_key from fault_forgotten) e on e.entity_no = n
                     where p.run_key = t.run_key and p.type = t.type and p.epoch = t.epoch) as keys
         from run_type t join run r on r.run_key = t.run_key
        where r.source_id = $1 and t.state = 'complete' and t.read_mode = 'full' and t.last_page_at is not null
          and not exists (select from run_page p where p.run_key = t.run_key and p.type = t.type and p.epoch = t.epoch and p.failed_count > 0)`,
      [source.no],
    );
    for (const read of reads) {
      const type = read.type === 1 ? 'User' : 'Group';
      const [fromMs, toMs] = [read.fromMs - CLOCK_MARGIN_MS, read.toMs + CLOCK_MARGIN_MS];
      if (source.timeline.hasMoved(type, fromMs, toMs)) continue;
      const delivered = new Set(read.keys);
      for (const id of source.timeline.presentThroughout(type, fromMs, toMs)) {
        if (delivered.has(id)) continue;
        violations.push({
          rule: '2',
          message: `${id} was there during the whole read of run ${read.runKey}, which missed him`,
        });
      }
    }
  }
  return violations;
}

/** Invariant 9, STA-10: each result has its write, and each counted result is logged once. */
export async function checkLog(evidence: Evidence): Promise<Violation[]> {
  const violations: Violation[] = [];
  for (const target of evidence.targets) {
    const logged = await evidence.pool.query<{ result: string; n: number }>(
      `select result, count(*)::int as n from entity_log where target_id = $1 and result in ('created', 'deleted') group by result`,
      [target.no],
    );
    const applied = target.simulator.journal.appliedByOperation();
    const counted = Object.fromEntries(logged.map((row) => [row.result, row.n]));
    // An account that was found after a lost answer is logged as updated, never the other way round.
    if ((counted['created'] ?? 0) > (applied['create'] ?? 0))
      violations.push({
        rule: '9',
        message: `${counted['created']} creations are logged in ${target.name}, ${applied['create'] ?? 0} were made`,
      });
  }
  return [...violations, ...(await checkTotals(evidence)), ...(await checkTwice(evidence))];
}

async function checkTotals({ pool, sources }: Evidence): Promise<Violation[]> {
  const rows = await pool.query<{ runKey: number; targetNo: number; counted: number; logged: number }>(
    `select c.run_key as "runKey", c.system_id as "targetNo", (c.created + c.updated + c.deleted + c.failed)::int as counted,
            (select count(*)::int from (select distinct on (g.entity_no) g.result from entity_log g
                where g.run_key = c.run_key and g.target_id = c.system_id and g.type = c.type
                order by g.entity_no, g.at desc) q where q.result <> 'skipped')
            -- What a plan stores counts as what it would be (PLN-3).
            + (select count(*)::int from plan p join change h on h.plan_no = p.plan_no
                where p.run_key = c.run_key and p.kind = 'plan' and h.target_id = c.system_id and h.type = c.type) as logged
       from run_counter c join run r on r.run_key = c.run_key
      where c.action = 'write' and r.state = 'finished' and r.source_id = any($1::int[])`,
    [sources.map((source) => source.no)],
  );
  return rows
    .filter((row) => row.counted !== row.logged)
    .map((row) => ({
      rule: '9',
      message: `run ${row.runKey} counts ${row.counted} results in target ${row.targetNo}, ${row.logged} are logged`,
    }));
}

/** An account is created once for each time it is missing: two creations of a pair need a deletion or a loss between them. */
async function checkTwice(evidence: Evidence): Promise<Violation[]> {
  const rows = await evidence.pool.query<{ entityNo: number; targetNo: number; created: number; applied: number }>(
    `select entity_no as "entityNo", target_id as "targetNo", count(*)::int as created from entity_log
      where result = 'created' and target_id = any($1::int[]) and run_key is not null
      group by run_key, entity_no, target_id having count(*) > 1`,
    [evidence.targets.filter((target) => target.vanished.size === 0).map((target) => target.no)],
  );
  return rows.map((row) => ({
    rule: '9',
    message: `entity ${row.entityNo} was created ${row.created} times by one run in target ${row.targetNo}`,
  }));
}

/** Engine.md §5: what was delivered and could not be read is read again by the next run, whatever its hash. */
export async function checkFailedHashes({ pool, sources }: Evidence): Promise<Violation[]> {
  const rows = await pool.query<{ sourceKey: string; runKey: number }>(
    `select e.source_key as "sourceKey", p.run_key as "runKey"
       from run_page p join run r on r.run_key = p.run_key join run_type t on t.run_key = p.run_key and t.type = p.type and t.epoch = p.epoch
       join entity e on e.source_id = r.source_id and e.type = p.type and e.source_key = any(p.failed_keys)
      where r.source_id = any($1::int[]) and e.source_hash is not null
        and p.run_key = (select max(o.run_key) from run o where o.source_id = r.source_id and o.kind <> 'apply')`,
    [sources.map((source) => source.no)],
  );
  return rows.map(({ sourceKey, runKey }) => ({
    rule: 'engine §5 failures',
    message: `${sourceKey} could not be read by run ${runKey}, and counts as read`,
  }));
}

/** What must only rise, and who may write what, watched by triggers: see {@link installWitness}. */
export async function checkWitness({ pool }: Evidence): Promise<Violation[]> {
  const rows = await pool.query<{ rule: string; message: string }>(
    'select rule, message from fault_witness order by no',
  );
  return rows;
}

/**
 * Watches what no later look at the tables can tell: positions that fall back (invariant 10), older answers over newer ones (engine.md
 * §5), older programs over newer ones (engine.md §6), links that are written without the lease of their pair (engine invariant 2), changes that are applied to something else than
 * was approved (PLN-10).
 */
export async function installWitness(pool: SqlPool): Promise<void> {
  for (const statement of WITNESS) await pool.query(statement);
}

const WITNESS = [
  'create table if not exists fault_witness (no bigint generated always as identity, rule text not null, message text not null)',
  // Whoever left and was forgotten, or was missed by a list that moved, has another number when he is there again.
  'create table if not exists fault_forgotten (entity_no bigint primary key, source_key text not null)',
  `create or replace function fault_watch_forgotten() returns trigger language plpgsql as $$ begin
     insert into fault_forgotten select entity_no, source_key from gone on conflict do nothing;
     return null; end $$`,
  'create or replace trigger fault_watch_forgotten after delete on entity referencing old table as gone for each statement execute function fault_watch_forgotten()',
  `create or replace function fault_watch_type() returns trigger language plpgsql as $$ begin
     if new.epoch = old.epoch and new.pages < old.pages then
       insert into fault_witness (rule, message) values ('10', format('run %s, type %s went back from page %s to %s', new.run_key, new.type, old.pages, new.pages));
     end if;
     -- The sources of the fault tests are paged by numbers.
     if new.epoch = old.epoch and new.pages > old.pages and old.pages > 0 and old.last_page_at < clock_timestamp() - interval '61 seconds' then
       insert into fault_witness (rule, message) values ('engine 9', format('run %s, type %s went on after a rest in a list that may have moved', new.run_key, new.type));
     end if;
     return new;
   end $$`,
  'create or replace trigger fault_watch_type after update on run_type for each row execute function fault_watch_type()',
  `create or replace function fault_watch_entity() returns trigger language plpgsql as $$ begin
     if new.read_seq < old.read_seq then
       insert into fault_witness (rule, message) values ('engine §5 read_seq', format('entity %s: answer %s was overwritten by the older %s', new.entity_no, old.read_seq, new.read_seq));
     end if;
     return new;
   end $$`,
  'create table if not exists fault_moved (entity_no bigint not null, at timestamptz not null default clock_timestamp())',
  `create or replace function fault_watch_moves() returns trigger language plpgsql as $$ begin
     if (new.presence, new.common_hash) is distinct from (old.presence, old.common_hash) then insert into fault_moved (entity_no) values (new.entity_no); end if;
     return new;
   end $$`,
  'create or replace trigger fault_watch_moves after update on entity for each row execute function fault_watch_moves()',
  'create or replace trigger fault_watch_entity after update on entity for each row execute function fault_watch_entity()',
  `create or replace function fault_watch_link() returns trigger language plpgsql as $$ begin
     if new.program < old.program and old.state = 1 and new.state = 1 then
       insert into fault_witness (rule, message) values ('engine §6 programs', format('pair %s/%s: program %s was overwritten by %s', new.target_id, new.entity_no, old.program, new.program));
     end if;
     return new;
   end $$`,
  'create or replace trigger fault_watch_link after update on link for each row execute function fault_watch_link()',
  `create or replace function fault_watch_change() returns trigger language plpgsql as $$ begin
     -- A deletion and a change of somebody who left are compared by presence, which the planning run has stored.
     if new.state = 'applied' and old.state = 'approved' and new.verb <> 'delete' and not exists (
          select from entity e where e.entity_no = new.entity_no and e.presence = new.presence and e.common_hash is not distinct from new.entity_hash) then
       insert into fault_witness (rule, message) values ('PLN-10', format('change %s of %s was applied, and the entity is not what it was made from', new.change_no, new.source_key));
     end if;
     return new;
   end $$`,
  'create or replace trigger fault_watch_change after update on change for each row execute function fault_watch_change()',
  `create or replace function fault_watch_lease() returns trigger language plpgsql as $$ begin
     -- An heir gets the origin of the account that a leaver shared with it, under the lease of the leaver and the claim on the account.
     if tg_op = 'UPDATE' and (new.state, new.target_key, new.common_hash, new.target_hash, new.out_of_scope) is not distinct from
        (old.state, old.target_key, old.common_hash, old.target_hash, old.out_of_scope) then
       return new;
     end if;
     if not exists (select from backlog b where b.target_id = new.target_id and b.entity_no = new.entity_no and b.lease_token is not null) then
       insert into fault_witness (rule, message) values ('engine 2', format('the link of pair %s/%s was written by nobody who holds its lease', new.target_id, new.entity_no));
     end if;
     return new;
   end $$`,
  'create or replace trigger fault_watch_lease before insert or update on link for each row execute function fault_watch_lease()',
];
