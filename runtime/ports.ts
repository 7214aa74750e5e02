import { createServer } from 'node:net';

/** Tried first by `muster up`; the next free port is taken when one is in use. */
export const DEFAULT_PORTS = { postgres: 5433, temporal: 7233, temporalUi: 8233, api: 8080 } as const;

/** How many ports after the wanted one are tried. */
const ATTEMPTS = 200;

/** True when a server can listen on this port of `host` now. Nothing is reserved. */
export async function isPortFree(port: number, host = '127.0.0.1'): Promise<boolean> {
  return (await tryListen(port, host)) !== undefined;
}

/**
 * The first free port at or after `wanted`, skipping those in `taken` (already promised to somebody, not yet in use).
 * @throws Error when 200 ports in a row are in use.
 */
export async function nextFreePort(wanted: number, taken: readonly number[] = [], host = '127.0.0.1'): Promise<number> {
  for (let port = wanted; port < wanted + ATTEMPTS && port <= 65535; port++) {
    if (!taken.includes(port) && (await isPortFree(port, host))) return port;
  }
  throw new Error(`No free port between ${wanted} and ${wanted + ATTEMPTS - 1} on ${host}.`);
}

/** A port that is free now, chosen by the operating system. Another process may still take it first: be ready to retry. */
export async function ephemeralPort(host = '127.0.0.1'): Promise<number> {
  const port = await tryListen(0, host);
  if (port === undefined) throw new Error(`The operating system has no free port on ${host}.`);
  return port;
}

function tryListen(port: number, host: string): Promise<number | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(undefined));
    server.listen({ port, host, exclusive: true }, () => {
      const bound = server.address();
      server.close(() => resolve(typeof bound === 'object' && bound !== null ? bound.port : undefined));
    });
  });
}
