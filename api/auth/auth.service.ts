import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { findLiveToken, findPasswordHash, insertToken, listTokens, revokeToken } from '../../state/config/index.js';
import type { ApiToken } from '../../state/config/index.js';
import { isoInstant } from '../common/paging.schemas.js';
import { ProblemError, notFound } from '../common/problem.js';
import { DATA_SOURCE } from '../infrastructure.js';
import type { CreateToken, CreatedToken, TokenList } from './auth.schemas.js';
import { LoginLimiter } from './login-limiter.js';
import { verifyPassword } from './password.js';

/** The authenticated caller of a request. */
export interface Principal {
  readonly userName: string;
  readonly tokenId: string;
}

/** What a caller offers to get a token. */
export interface Credentials {
  readonly user: string;
  readonly password: string;
}

const TOKEN_PREFIX = 'mst_';

/** Tokens: issuing them for a password, recognising, listing and revoking them. */
@Injectable()
export class AuthService {
  readonly #limiter = new LoginLimiter();

  constructor(@Inject(DATA_SOURCE) private readonly dataSource: DataSource) {}

  /** Issues a token. Problem `unauthorized` for wrong credentials, `too-many-attempts` after ten of them from one address. */
  async createToken(request: CreateToken, basic: Credentials | undefined, address: string): Promise<CreatedToken> {
    const { user, password } = request;
    const credentials = user !== undefined && password !== undefined ? { user, password } : basic;
    if (credentials === undefined) {
      throw new ProblemError('unauthorized', 'send user and password in the body or as HTTP Basic');
    }
    await this.#authenticate(credentials, address);
    const token = TOKEN_PREFIX + randomBytes(32).toString('base64url');
    const stored = await insertToken(this.dataSource, {
      id: randomUUID(),
      userName: credentials.user,
      description: request.description,
      tokenHash: hashToken(token),
      expiresAt: new Date(Date.now() + request.expiresInSeconds * 1000),
    });
    return { ...toView(stored), token, tokenType: 'Bearer' };
  }

  /** The caller a bearer token belongs to; undefined for an unknown, expired or revoked one. */
  async recognise(token: string): Promise<Principal | undefined> {
    if (!token.startsWith(TOKEN_PREFIX)) return undefined;
    const found = await findLiveToken(this.dataSource, hashToken(token));
    return found && { userName: found.userName, tokenId: found.id };
  }

  /** The live tokens of the caller. */
  async listOwn(principal: Principal): Promise<TokenList> {
    return { items: (await listTokens(this.dataSource, principal.userName)).map(toView) };
  }

  /** Revokes a token of the caller at once. */
  async revokeOwn(principal: Principal, id: string): Promise<void> {
    if (!(await revokeToken(this.dataSource, principal.userName, id))) throw notFound(`live token ${id} of yours`);
  }

  async #authenticate(credentials: Credentials, address: string): Promise<void> {
    const waitSeconds = this.#limiter.attempt(address);
    if (waitSeconds > 0) {
      const detail = `too many failed attempts; try again in ${waitSeconds} seconds`;
      throw new ProblemError('too-many-attempts', detail, { retryAfterSeconds: waitSeconds });
    }
    const stored = await findPasswordHash(this.dataSource, credentials.user);
    if (!(await verifyPassword(credentials.password, stored))) {
      throw new ProblemError('unauthorized', 'user or password is wrong');
    }
    this.#limiter.succeed(address);
  }
}

/** 256 random bits need no slow hash; finding the row by the hash keeps the comparison free of timing. */
function hashToken(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}

function toView(token: ApiToken): TokenList['items'][number] {
  const { id, userName, description, createdAt, expiresAt } = token;
  return { id, user: userName, description, createdAt: isoInstant(createdAt), expiresAt: isoInstant(expiresAt) };
}
