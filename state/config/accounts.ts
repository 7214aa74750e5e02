import type { DataSource } from 'typeorm';
import type { Database } from '../data-source.js';
import { AdminUserEntity } from './entities/admin-user.entity.js';
import { ApiTokenEntity } from './entities/api-token.entity.js';

/** A token as its owner may see it: never the token itself. */
export interface ApiToken {
  readonly id: string;
  readonly userName: string;
  readonly description: string;
  readonly createdAt: Date;
  readonly expiresAt: Date;
}

/** The stored password hash of a user; undefined if there is no such user. */
export async function findPasswordHash(database: Database, userName: string): Promise<string | undefined> {
  const user = await database.getRepository(AdminUserEntity).findOneBy({ name: userName });
  return user?.passwordHash;
}

/**
 * Adds the first administrator if there is no user at all; answers whether this call did it, so that of several processes that
 * start at once exactly one prints the password.
 */
export async function bootstrapAdministrator(
  dataSource: DataSource,
  userName: string,
  makePasswordHash: () => Promise<string>,
): Promise<boolean> {
  const users = dataSource.getRepository(AdminUserEntity);
  if (await users.exists()) return false;
  const passwordHash = await makePasswordHash();
  const inserted: unknown[] = await dataSource.query(
    'insert into admin_user (name, password_hash) values ($1, $2) on conflict (name) do nothing returning name',
    [userName, passwordHash],
  );
  return inserted.length === 1;
}

/** Stores a token under its hash and returns what may be shown of it. */
export async function insertToken(
  database: Database,
  token: Omit<ApiToken, 'createdAt'> & { readonly tokenHash: Buffer },
): Promise<ApiToken> {
  const tokens = database.getRepository(ApiTokenEntity);
  await tokens.insert(token);
  return shown(await tokens.findOneByOrFail({ id: token.id }));
}

/** The token with this hash unless it is revoked or, by the database's clock, expired. */
export async function findLiveToken(database: Database, tokenHash: Buffer): Promise<ApiToken | undefined> {
  const rows: ApiToken[] = await database.query(
    `select id, user_name as "userName", description, created_at as "createdAt", expires_at as "expiresAt" from api_token
      where token_hash = $1 and revoked_at is null and expires_at > now()`,
    [tokenHash],
  );
  return rows[0];
}

/** The live tokens of a user, newest first. */
export async function listTokens(database: Database, userName: string): Promise<ApiToken[]> {
  return database.query(
    `select id, user_name as "userName", description, created_at as "createdAt", expires_at as "expiresAt" from api_token
      where user_name = $1 and revoked_at is null and expires_at > now() order by created_at desc, id`,
    [userName],
  );
}

/** Revokes a live token of this user; false if there is none of this id. */
export async function revokeToken(database: Database, userName: string, id: string): Promise<boolean> {
  const [, count]: [unknown[], number] = await database.query(
    `update api_token set revoked_at = now()
      where id::text = lower($1) and user_name = $2 and revoked_at is null and expires_at > now()`,
    [id, userName],
  );
  return count === 1;
}

function shown(entity: ApiTokenEntity): ApiToken {
  const { id, userName, description, createdAt, expiresAt } = entity;
  return { id, userName, description, createdAt, expiresAt };
}
