import type { ReachedPlace, ReachGuard } from '../reach-guard.js';
import { ConnectorError } from '../errors.js';

/** One place that an edge worker may reach (CONN-CORE-94). */
export interface AllowedPlace {
  /** Absent: any. */
  readonly protocol?: ReachedPlace['protocol'] | undefined;
  /** A name or an address, compared without upper and lower case; nothing is looked up. */
  readonly host: string;
  readonly port: number;
  /** Of HTTP: paths with everything below them, for example `/scim/v2`. Absent: all. */
  readonly paths?: readonly string[] | undefined;
}

/** A guard that lets pass what is listed and nothing else; with an empty list, nothing. */
export function allowOnly(places: readonly AllowedPlace[]): ReachGuard {
  return (place) => {
    if (places.some((allowed) => isAllowed(allowed, place))) return;
    const { protocol, host, port } = place;
    const path = place.path === undefined ? undefined : pathOf(place.path);
    const entry = { host, port, ...(path !== undefined && { paths: [path] }) };
    const shown = host.includes(':') ? `[${host}]` : host;
    throw new ConnectorError({
      kind: 'fatal',
      scope: 'system',
      outcome: 'not-applied',
      safeMessage: `the edge worker may not reach ${protocol}://${shown}:${port}${path ?? ''}; to allow it, add ${JSON.stringify(entry)} to "allow" in its configuration`,
    });
  };
}

function isAllowed({ protocol, host, port, paths }: AllowedPlace, place: ReachedPlace): boolean {
  if (protocol !== undefined && protocol !== place.protocol) return false;
  if (host.toLowerCase().replace(/^\[|\]$/g, '') !== place.host.toLowerCase() || port !== place.port) return false;
  if (paths === undefined || place.path === undefined) return true;
  // Some servers take two slashes for one, some do not: what is above an empty step is not certain.
  if (stepsOf(place.path).includes('//')) return false;
  const path = pathOf(place.path);
  return paths.some((allowed) => {
    const base = allowed.replace(/\/+$/, '');
    return path === base || path.startsWith(`${base}/`);
  });
}

/**
 * Without query, and without steps that lead elsewhere, encoded ones among them: as a server may understand it. Put behind the host as text: resolved
 * against it, `//admin/scim` would name a host `admin`, and lose its first step.
 */
function pathOf(path: string): string {
  return new URL(`http://place${stepsOf(path)}`).pathname;
}

/** The path without query and with the characters between and for steps as they are. */
function stepsOf(path: string): string {
  const [plain = '/'] = path.split('?');
  return plain.replace(/%2e/gi, '.').replace(/%2f|%5c|\\/gi, '/');
}
