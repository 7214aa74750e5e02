import type { Sql } from '../database.js';

/** Hours for which the result of a Validate run is kept (VAL-10). */
export const RESULT_HOURS = 24;

/** The result of a Validate run, without its content. */
export interface ValidationRecord {
  readonly id: string;
  readonly fileName: string;
  readonly createdAt: Date;
  readonly expiresAt: Date;
}

/** Whose results of which source. */
export interface ValidationOwner {
  readonly sourceNo: number;
  readonly administrator: string;
}

const COLUMNS = `validation_id as id, file_name as "fileName", created_at as "createdAt",
                 created_at + make_interval(hours => ${RESULT_HOURS}) as "expiresAt"`;
const LIVE = `created_at > now() - make_interval(hours => ${RESULT_HOURS})`;

/**
 * Keeps a result.
 *
 * @param sealed the ZIP, sealed for this id.
 */
export async function storeValidation(
  sql: Sql,
  owner: ValidationOwner,
  result: { readonly id: string; readonly fileName: string; readonly sealed: Buffer },
): Promise<void> {
  await sql.query(
    'insert into validation (validation_id, source_id, administrator, file_name, content) values ($1, $2, $3, $4, $5)',
    [result.id, owner.sourceNo, owner.administrator, result.fileName, result.sealed],
  );
}

/** Results of an administrator that are still kept, newest first. */
export async function listValidations(sql: Sql, owner: ValidationOwner): Promise<ValidationRecord[]> {
  return sql.query(
    `select ${COLUMNS} from validation where source_id = $1 and administrator = $2 and ${LIVE} order by created_at desc, validation_id`,
    [owner.sourceNo, owner.administrator],
  );
}

/** One result with its content; undefined when there is none, it is too old, or it is somebody else's (JOB-10). */
export async function findValidation(
  sql: Sql,
  owner: ValidationOwner,
  id: string,
): Promise<(ValidationRecord & { readonly sealed: Buffer }) | undefined> {
  const [found] = await sql.query<ValidationRecord & { readonly sealed: Buffer }>(
    `select ${COLUMNS}, content as sealed from validation
      where validation_id = $1 and source_id = $2 and administrator = $3 and ${LIVE}`,
    [id, owner.sourceNo, owner.administrator],
  );
  return found;
}

/** True when {@link forgetOldValidations} has something to do. */
export async function hasOldValidations(sql: Sql): Promise<boolean> {
  return (await sql.query(`select 1 from validation where not (${LIVE}) limit 1`)).length > 0;
}

/** Deletes the results that are too old to be given out. */
export async function forgetOldValidations(sql: Sql): Promise<void> {
  await sql.query(`delete from validation where not (${LIVE})`);
}
