import { isConfigError } from '../runtime/config.js';
import { sqlState } from '../state/database.js';
import { StackError } from './stack-error.js';

/** What a person reads of an error that ended a command: one line of what the surroundings refuse, the stack of what only we can mend. */
export function errorText(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (isConfigError(error) || error instanceof StackError) return error.message;
  const code = sqlState(error);
  if (code === undefined) return error.stack ?? error.message;
  // SQLSTATE classes 28 and 3D, and what starts, stops or has no connection left.
  if (/^(28|3D|08|53|57P)/.test(code)) return `The database of DATABASE_URL cannot be used: ${error.message}`;
  const isOfSystem = 'syscall' in error && /^E[A-Z]+$/.test(code);
  if (!isOfSystem) return error.stack ?? error.message;
  return error.syscall === 'connect' || error.syscall === 'getaddrinfo'
    ? `A server cannot be reached: ${error.message}; check DATABASE_URL and TEMPORAL_ADDRESS`
    : error.message;
}
