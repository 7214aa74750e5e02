import type { EntityManager } from 'typeorm';
import type { JsonObject } from '../../core/json.js';
import type { Database } from '../data-source.js';
import { ConfigurationConflictError } from './errors.js';
import type { PageRequest } from './systems.js';

/** One line of the history of a transformation. */
export interface TransformationVersion {
  readonly version: number;
  readonly description: string;
  readonly modifiedBy: string;
  readonly modifiedAt: Date;
}

/** A transformation to be saved as the next version. */
export interface NewTransformation {
  readonly document: JsonObject;
  readonly description: string;
  /** Name of the user, or `system` for the default of the type. */
  readonly modifiedBy: string;
  /** The version the change was made on; another one in force meanwhile is a conflict. */
  readonly baseVersion?: number;
}

/** Stores the next version and returns its number. Throws {@link ConfigurationConflictError} `versionMoved`. */
export async function saveTransformation(
  manager: EntityManager,
  systemNo: number,
  transformation: NewTransformation,
): Promise<number> {
  await manager.query('select from system where no = $1 for update', [systemNo]);
  const rows: { version: number | null }[] = await manager.query(
    'select max(version) as version from transformation_version where system_no = $1',
    [systemNo],
  );
  const current = rows[0]?.version ?? 0;
  const { baseVersion, document, description, modifiedBy } = transformation;
  if (baseVersion !== undefined && baseVersion !== current) {
    const message = `the transformation was changed meanwhile: version ${current} is in force, not ${baseVersion}`;
    throw new ConfigurationConflictError('versionMoved', '/baseVersion', message);
  }
  const version = current + 1;
  await manager.query(
    `insert into transformation_version (system_no, version, document, description, modified_by)
     values ($1, $2, $3::json, $4, $5)`,
    [systemNo, version, JSON.stringify(document), description, modifiedBy],
  );
  await manager.query('update system set updated_at = now() where no = $1', [systemNo]);
  return version;
}

/** Versions, newest first, without documents. */
export async function listTransformationVersions(
  database: Database,
  systemNo: number,
  page: PageRequest,
): Promise<{ items: TransformationVersion[]; total: number }> {
  const items: TransformationVersion[] = await database.query(
    `select version, description, modified_by as "modifiedBy", modified_at as "modifiedAt" from transformation_version
      where system_no = $1 order by version desc limit $2 offset $3`,
    [systemNo, page.limit, page.offset],
  );
  const counts: { total: number }[] = await database.query(
    'select count(*)::int as total from transformation_version where system_no = $1',
    [systemNo],
  );
  return { items, total: counts[0]?.total ?? 0 };
}

/** One version with its document; without a number the one in force. */
export async function findTransformation(
  database: Database,
  systemNo: number,
  version?: number,
): Promise<(TransformationVersion & { readonly document: JsonObject }) | undefined> {
  const rows: (TransformationVersion & { document: JsonObject })[] = await database.query(
    `select version, description, modified_by as "modifiedBy", modified_at as "modifiedAt", document
       from transformation_version
      where system_no = $1 and ($2::int is null or version = $2) order by version desc limit 1`,
    [systemNo, version ?? null],
  );
  return rows[0];
}
