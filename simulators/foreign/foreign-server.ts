import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { JsonObject } from '../../core/json.js';

/** A running SCIM server that nobody of this project wrote. */
export interface ForeignScimServer {
  /** Name and version of the packages, for people. */
  readonly name: string;
  /** Address that /Users and /Groups follow. */
  readonly url: string;
  readonly auth: ForeignScimAuth;
  /** What is in it now, in its own form. */
  snapshot(): Promise<ForeignSnapshot>;
  /** Idempotent. */
  stop(): Promise<void>;
}

export type ForeignScimAuth =
  | { readonly kind: 'basic'; readonly user: string; readonly password: string }
  | { readonly kind: 'bearer'; readonly token: string };

export interface ForeignSnapshot {
  readonly users: JsonObject[];
  readonly groups: JsonObject[];
}

/** The header that {@link ForeignScimAuth} stands for. */
export function authorizationOf(auth: ForeignScimAuth): string {
  if (auth.kind === 'bearer') return `Bearer ${auth.token}`;
  return `Basic ${Buffer.from(`${auth.user}:${auth.password}`).toString('base64')}`;
}

/**
 * Loads a package that only tests and demo need. Rejects with a hint when it is not installed, as after an installation without
 * development packages.
 */
export async function loadForeign<Module>(packageName: string, load: () => Promise<Module>): Promise<Module> {
  try {
    return await load();
  } catch (error) {
    throw new Error(
      `the foreign SCIM server needs the package ${packageName}; run "npm ci" with development packages`,
      {
        cause: error,
      },
    );
  }
}

/** Serves a handler on a free port of 127.0.0.1. */
export async function listen(handler: RequestListener): Promise<{ origin: string; stop: () => Promise<void> }> {
  const server = createServer({ keepAliveTimeout: 120_000 }, handler);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    origin: `http://127.0.0.1:${port}`,
    stop: async () => {
      if (!server.listening) return;
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}
