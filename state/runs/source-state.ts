import { entityTypeOfCode } from '../../core/entity-type.js';
import type { JsonObject } from '../../core/json.js';
import type { Sql } from '../database.js';

/** What is remembered of a source between runs; gone with a reset (RST-1). */
export interface SourceState {
  /** A full read has succeeded since creation or reset (RDM-2, RDM-7). */
  readonly fullReadDone: boolean;
  /** Number of the read program of the last successful full read. */
  readonly readProgram: number | null;
  /** Marks up to which the source was read, by entity type. */
  readonly deltaMarks: Readonly<Record<string, JsonObject>>;
  /** Scheduled delta jobs since the last forced full read that succeeded (RDM-9). */
  readonly forcedFullCounter: number;
  /** What the properties that decide about reading were when the marks were made (CONN-CORE-47); null before the first read. */
  readonly readFingerprint: Buffer | null;
  /** The same at the last successful full read, and the API version it was made with; null before the first. */
  readonly knownFilter: Buffer | null;
  readonly knownVersion: string | null;
}

/** What is remembered of a source; the values of a new one where there is no row. */
export async function loadSourceState(sql: Sql, sourceNo: number): Promise<SourceState> {
  const [row] = await sql.query<{
    fullReadDone: boolean;
    readProgram: number | null;
    deltaMark: Record<string, JsonObject> | null;
    forcedFullCounter: number;
    readFingerprint: Buffer | null;
    knownFilter: Buffer | null;
    knownVersion: string | null;
  }>(
    `select full_read_done as "fullReadDone", read_program as "readProgram", delta_mark as "deltaMark",
            forced_full_counter as "forcedFullCounter", filter_fingerprint as "readFingerprint",
            known_filter as "knownFilter", known_version as "knownVersion"
       from source_state where source_id = $1`,
    [sourceNo],
  );
  return {
    fullReadDone: row?.fullReadDone === true,
    readProgram: row?.readProgram ?? null,
    deltaMarks: row?.deltaMark ?? {},
    forcedFullCounter: row?.forcedFullCounter ?? 0,
    readFingerprint: row?.readFingerprint ?? null,
    knownFilter: row?.knownFilter ?? null,
    knownVersion: row?.knownVersion ?? null,
  };
}

/**
 * Advances the marks of a source whose reading was clean (RDM-12): what could not be written is in the backlog, so nobody is lost
 * behind the mark.
 */
export async function noteCleanRead(
  sql: Sql,
  sourceNo: number,
  read: {
    readonly full: boolean;
    readonly program: number;
    readonly deltaMarks: Readonly<Record<string, JsonObject>>;
    readonly readFingerprint: Buffer;
    readonly apiVersion: string;
  },
): Promise<void> {
  await sql.query(
    `insert into source_state as s (source_id, full_read_done, read_program, delta_mark, filter_fingerprint, known_filter, known_version)
     values ($1, $2, case when $2 then $3::int end, $4::json, $5::bytea, case when $2 then $5::bytea end, case when $2 then $6::text end)
     on conflict (source_id) do update
        set full_read_done = s.full_read_done or excluded.full_read_done, read_program = coalesce(excluded.read_program, s.read_program),
            filter_fingerprint = excluded.filter_fingerprint, known_filter = coalesce(excluded.known_filter, s.known_filter),
            known_version = coalesce(excluded.known_version, s.known_version),
            delta_mark = (coalesce(s.delta_mark::jsonb, '{}') || excluded.delta_mark::jsonb)::json`,
    [sourceNo, read.full, read.program, JSON.stringify(read.deltaMarks), read.readFingerprint, read.apiVersion],
  );
}

/** Marks that the reading of a run ended with, by entity type. */
export async function cleanMarks(sql: Sql, runKey: string): Promise<Record<string, JsonObject>> {
  const rows = await sql.query<{ type: number; watermark: JsonObject }>(
    'select type, watermark from run_type where run_key = $1 and watermark is not null',
    [runKey],
  );
  return Object.fromEntries(rows.map((row) => [entityTypeOfCode(row.type), row.watermark]));
}
