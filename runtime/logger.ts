import { pino } from 'pino';
import type { DestinationStream, Logger } from 'pino';
import { MASK, maskCredentials } from './mask.js';

export type { Logger } from 'pino';

/** Names of fields whose value never reaches a log, at the top level and up to two levels down. */
const SECRET_FIELDS = [
  'password',
  'passwd',
  'secret',
  'clientSecret',
  'token',
  'accessToken',
  'refreshToken',
  'apiKey',
  'authorization',
  'cookie',
  'masterKey',
  'privateKey',
  'credentials',
];

/**
 * A structured logger (one JSON object per line on standard output) whose lines all carry `fields`, such as
 * `{ process: 'worker' }`. Fields with the name of a secret are masked, and so is anything in a line that looks like
 * a password in an address or a bearer token.
 */
export function createLogger(
  config: { readonly logLevel: string },
  fields: Readonly<Record<string, unknown>>,
  destination?: DestinationStream,
): Logger {
  const options = {
    level: config.logLevel,
    base: fields,
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
    redact: { paths: SECRET_FIELDS.flatMap((name) => [name, `*.${name}`, `*.*.${name}`]), censor: MASK },
    hooks: { streamWrite: maskCredentials },
  };
  return destination === undefined ? pino(options) : pino(options, destination);
}
