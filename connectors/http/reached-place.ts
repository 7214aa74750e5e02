import type { ReachedPlace } from '../reach-guard.js';

/** The place of a request in the words of a guard. */
export function placeOf(url: URL, path: string): ReachedPlace {
  const isEncrypted = url.protocol === 'https:';
  return {
    protocol: isEncrypted ? 'https' : 'http',
    host: url.hostname.replace(/^\[|\]$/g, ''),
    port: url.port === '' ? (isEncrypted ? 443 : 80) : Number(url.port),
    path,
  };
}
