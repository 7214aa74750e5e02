import type { JsonObject } from '../../core/json.js';
import { SqlPool } from '../../state/database.js';
import type { Sql } from '../../state/database.js';
import type { Books, DoneWrite, PageEntity, RawWrite } from './books.js';
import { commonOf, targetOf } from './mapping.js';
import { idOf } from './scim.js';
import { Sealing } from './sealing.js';

const SCHEMA = 'bench_raw';
/** Copies with the same columns and indexes as the engine's tables. */
const TABLES = ['entity', 'entity_body', 'link', 'link_body', 'entity_log', 'run_page'];

/**
 * The books of R1: hashes and sealed bodies as the engine keeps them, with one commit for each page, one for the creates of a page that
 * are about to be sent, and one for what became of them. No leases, no backlog, no fences: it may not be stopped, killed or run twice.
 */
export class DurableBooks implements Books {
  readonly #numbers = new Map<string, number>();
  #page = 0;
  readonly #sealing = new Sealing();

  private constructor(private readonly pool: SqlPool) {}

  /** Makes its tables anew. */
  static async open(databaseUrl: string): Promise<DurableBooks> {
    const pool = new SqlPool(databaseUrl);
    await pool.query(`drop schema if exists ${SCHEMA} cascade`);
    await pool.query(`create schema ${SCHEMA}`);
    for (const table of TABLES)
      await pool.query(`create table ${SCHEMA}.${table} (like public.${table} including all)`);
    return new DurableBooks(pool);
  }

  async notePage(page: readonly JsonObject[]): Promise<readonly PageEntity[]> {
    const keys = page.map(idOf);
    const known = await this.#lookup(keys);
    const hashed = page.map((person) => ({ person, key: idOf(person), hash: this.#sealing.nativeHash(person) }));
    const changed = hashed.filter(({ key, hash }) => known.get(key)?.equals(hash) !== true);
    const wanted = changed.map(({ person, key, hash }) => {
      const common = commonOf(person);
      const commonHash = this.#sealing.canonicalHash(common);
      const sealed = this.#sealing.seal(common, `entity/${key}`);
      return { key, common, body: targetOf(common), hash, commonHash, sealed };
    });
    await this.pool.transaction(async (sql) => {
      if (wanted.length > 0) await this.#storeEntities(sql, wanted);
      const seen = keys.map((key) => this.#numbers.get(key));
      this.#page += 1;
      await sql.query(
        `insert into ${SCHEMA}.run_page (run_key, epoch, type, page_no, seen, skipped) values (1, 0, 1, $1, $2, '{}')`,
        [this.#page, seen],
      );
    });
    return wanted;
  }

  async begin(target: number, entities: readonly PageEntity[]): Promise<readonly RawWrite[]> {
    const numbers = entities.map(({ key }) => this.#numbers.get(key));
    const links = await this.pool.query<{ no: number; targetKey: string | null }>(
      `select l.* from unnest($2::bigint[]) as k (no) cross join lateral (
         select entity_no as no, target_key as "targetKey" from ${SCHEMA}.link
          where target_id = $1 and entity_no = k.no and ord = 0 limit 1) l`,
      [target, numbers],
    );
    const ids = new Map(links.map((link) => [link.no, link.targetKey ?? undefined]));
    const writes = entities.map((entity) => ({ ...entity, targetId: ids.get(this.#numbers.get(entity.key) ?? 0) }));
    const creates = writes.filter((write) => write.targetId === undefined);
    if (creates.length > 0) {
      await this.pool.query(
        `insert into ${SCHEMA}.link (target_id, type, entity_no, state, sent_at)
         select $1, 1, n, 3, clock_timestamp() from unnest($2::bigint[]) as n`,
        [target, creates.map(({ key }) => this.#numbers.get(key))],
      );
    }
    return writes;
  }

  async finish(target: number, writes: readonly DoneWrite[]): Promise<void> {
    const numbers = writes.map(({ key }) => this.#numbers.get(key));
    const targetHashes = writes.map(({ body }) => this.#sealing.canonicalHash(body));
    const bodies = writes.map(({ key, body }) => this.#sealing.seal(body, `link/${target}/${key}`));
    await this.pool.transaction(async (sql) => {
      await sql.query(
        `insert into ${SCHEMA}.link as l (target_id, type, state, origin, entity_no, target_key, common_hash, target_hash)
         select $1, 1, 1, 1, n.* from unnest($2::bigint[], $3::text[], $4::bytea[], $5::bytea[]) as n
         on conflict (target_id, entity_no, ord) do update
            set state = 1, origin = 1, target_key = excluded.target_key, common_hash = excluded.common_hash,
                target_hash = excluded.target_hash, version = l.version + 1`,
        [target, numbers, writes.map((write) => write.targetId), writes.map((write) => write.commonHash), targetHashes],
      );
      await sql.query(
        `insert into ${SCHEMA}.link_body (target_id, entity_no, body) select $1, n.* from unnest($2::bigint[], $3::bytea[]) as n
         on conflict (target_id, entity_no, ord) do update set body = excluded.body`,
        [target, numbers, bodies],
      );
      await sql.query(
        `insert into ${SCHEMA}.entity_log (run_key, source_id, target_id, type, entity_no, operation, result)
         select 1, 1, $1, 1, n, 'create', 'created' from unnest($2::bigint[]) as n`,
        [target, numbers],
      );
    });
  }

  async close(): Promise<void> {
    await this.pool.query(`drop schema if exists ${SCHEMA} cascade`);
    await this.pool.close();
  }

  async #lookup(keys: readonly string[]): Promise<Map<string, Buffer>> {
    const rows = await this.pool.query<{ no: number; key: string; hash: Buffer }>(
      `select e.* from unnest($1::text[]) as k (key) cross join lateral (
         select entity_no as no, source_key as key, source_hash as hash from ${SCHEMA}.entity
          where source_id = 1 and type = 1 and source_key = k.key limit 1) e`,
      [keys],
    );
    for (const { key, no } of rows) this.#numbers.set(key, no);
    return new Map(rows.map(({ key, hash }) => [key, hash]));
  }

  async #storeEntities(
    sql: Sql,
    entities: readonly {
      readonly key: string;
      readonly hash: Buffer;
      readonly commonHash: Buffer;
      readonly sealed: Buffer;
    }[],
  ): Promise<void> {
    const rows = await sql.query<{ no: number; key: string }>(
      `insert into ${SCHEMA}.entity (source_id, type, source_key, source_hash, common_hash, program, presence, read_seq)
       select 1, 1, n.*, 1, 1, 1 from unnest($1::text[], $2::bytea[], $3::bytea[]) as n
       on conflict (source_id, type, source_key) do update
          set source_hash = excluded.source_hash, common_hash = excluded.common_hash
       returning entity_no as no, source_key as key`,
      [
        entities.map((entity) => entity.key),
        entities.map((entity) => entity.hash),
        entities.map((entity) => entity.commonHash),
      ],
    );
    for (const { key, no } of rows) this.#numbers.set(key, no);
    await sql.query(
      `insert into ${SCHEMA}.entity_body (entity_no, body) select * from unnest($1::bigint[], $2::bytea[])
       on conflict (entity_no) do update set body = excluded.body`,
      [entities.map(({ key }) => this.#numbers.get(key)), entities.map((entity) => entity.sealed)],
    );
  }
}
