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
  return pino(options, destination ?? standardOutput());
}

let isReaderWatched = false;

/**
 * Standard output, where a line that nobody reads any more is dropped. The stream that pino would open itself repeats a write to a
 * broken pipe for ever when it is flushed (sonic-boom 4.2.1, `flushSync`): a process whose parent was killed would never end.
 */
function standardOutput(): DestinationStream {
  if (!isReaderWatched) {
    isReaderWatched = true;
    // Without a listener the end of the reader would end this process in the middle of its work.
    process.stdout.on('error', () => undefined);
  }
  return process.stdout;
}
