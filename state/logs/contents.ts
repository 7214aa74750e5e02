import { groupsBySize } from '../../core/groups-by-size.js';
import type { ContentResult } from '../../core/logs/trace.js';
import type { Sql } from '../database.js';

/** Seals a content. Called when it is stored and not before, so that no more of them are in memory than one statement takes. */
export type SealContent = () => Buffer;

/** What an entity contained that a job records (TRC-9). */
export interface NewContent {
  readonly systemNo: number;
  readonly type: number;
  readonly result: ContentResult;
  /** {@link UNREAD} where the entity could not be read. */
  readonly entityNo: number;
  /** Of one that is several target entities which of them (LNK-3); of one that could not be read its {@link failurePlace}; else empty. */
  readonly place: string;
  readonly seal: SealContent;
}

/** In the place of the number of an entity that could not be read. */
export const UNREAD = 0;

/** Where a failure stands in the pages of a read; `position` counts from 1. */
export function failurePlace(epoch: number, pageNo: number, position: number): string {
  return `${epoch}/${pageNo}/${position}`;
}

/** Bytes of sealed contents that are written or read at once; a single one may have more. */
export const CONTENT_BYTES = 1024 * 1024;

type SealedContent = NewContent & { readonly content: Buffer };

/**
 * Stores contents, a few at a time whatever their number and size. The last one of an entity with a result counts. Of a run that is over nothing
 * is stored.
 */
export async function storeContents(sql: Sql, runKey: string, contents: Iterable<NewContent>): Promise<void> {
  for (const few of groupsBySize(sealed(contents), ({ content }) => content.length, CONTENT_BYTES))
    await insert(sql, runKey, few);
}

function* sealed(contents: Iterable<NewContent>): Generator<SealedContent> {
  for (const one of contents) yield { ...one, content: one.seal() };
}

async function insert(sql: Sql, runKey: string, contents: readonly SealedContent[]): Promise<void> {
  await sql.query(
    `insert into traced_content (run_key, system_id, type, result, entity_no, place, content)
     select r.run_key, n.* from run r
      cross join unnest($2::int[], $3::smallint[], $4::text[], $5::bigint[], $6::text[], $7::bytea[]) as n
      where r.run_key = $1 and r.state = 'running'
     on conflict (run_key, result, system_id, type, entity_no, place) do update set content = excluded.content`,
    [
      runKey,
      contents.map((one) => one.systemNo),
      contents.map((one) => one.type),
      contents.map((one) => one.result),
      contents.map((one) => one.entityNo),
      contents.map((one) => one.place),
      contents.map((one) => one.content),
    ],
  );
}

/** Where the content of a record is stored, and how many bytes it has there. */
export interface ContentKey {
  readonly systemNo: number;
  readonly type: number;
  readonly entityNo: number;
  readonly place: string;
  readonly bytes: number;
}

/**
 * SQL: joins the key of the content with this result, as `c.content`, to rows `x` of run $1 that have `system_no`, `type`, `content_no` and
 * `content_place`.
 */
export function contentOf(result: string): string {
  return `
      left join lateral (
        select json_build_object('systemNo', t.system_id, 'type', t.type, 'entityNo', t.entity_no, 'place', t.place, 'bytes', octet_length(t.content)) as content
          from traced_content t
         where t.run_key = $1 and t.result = '${result}' and t.system_id = x.system_no and t.type = x.type and t.entity_no = x.content_no
           and t.place = x.content_place limit 1) c on true`;
}

/** A record with its sealed content; null: none was recorded, or it is not kept any more. */
export interface WithContent<T> {
  readonly record: T;
  readonly sealed: Buffer | null;
}

/** Records with their contents, in portions that together have few enough bytes. */
export async function* readContents<T extends { readonly content: ContentKey | null }>(
  sql: Sql,
  runKey: string,
  result: string,
  records: readonly T[],
): AsyncGenerator<readonly WithContent<T>[]> {
  for (const few of groupsBySize(records, ({ content }) => content?.bytes ?? 0, CONTENT_BYTES))
    yield await withContents(sql, runKey, result, few);
}

async function withContents<T extends { readonly content: ContentKey | null }>(
  sql: Sql,
  runKey: string,
  result: string,
  records: readonly T[],
): Promise<WithContent<T>[]> {
  const keys = records.flatMap(({ content }, index) => (content === null ? [] : [{ ...content, index }]));
  if (keys.length === 0) return records.map((record) => ({ record, sealed: null }));
  const rows = await sql.query<{ index: number; content: Buffer }>(
    `select k.index, c.content
       from unnest($3::int[], $4::int[], $5::smallint[], $6::bigint[], $7::text[]) as k (index, system_id, type, entity_no, place)
      cross join lateral (select t.content from traced_content t
                           where t.run_key = $1 and t.result = $2 and t.system_id = k.system_id and t.type = k.type
                             and t.entity_no = k.entity_no and t.place = k.place limit 1) c`,
    [
      runKey,
      result,
      keys.map((key) => key.index),
      keys.map((key) => key.systemNo),
      keys.map((key) => key.type),
      keys.map((key) => key.entityNo),
      keys.map((key) => key.place),
    ],
  );
  const sealed = new Map(rows.map((row) => [row.index, row.content]));
  return records.map((record, index) => ({ record, sealed: sealed.get(index) ?? null }));
}
