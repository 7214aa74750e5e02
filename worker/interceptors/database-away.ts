import { sqlState } from '../../state/database.js';

/** Connection exceptions, shutdown and restart of the server, too many connections, no space. */
const AWAY_SQL_STATES = /^(08...|57P0[1-4]|53...|25006)$/;
const AWAY_SYSTEM_CODES = [
  'ECONNREFUSED',
  'ECONNRESET',
  'ENOTFOUND',
  'ETIMEDOUT',
  'EPIPE',
  'EHOSTUNREACH',
  'EAI_AGAIN',
];
/** What the driver says, without any code, when a connection breaks under it. */
const AWAY_MESSAGES = /^(Connection terminated|Client has encountered a connection error|timeout exceeded when trying)/;

/** PostgreSQL cannot be reached or cannot work at the moment: not a defect, and over when it is back. */
export function isDatabaseAway(error: unknown): boolean {
  if (error instanceof AggregateError) return error.errors.length > 0 && error.errors.every(isDatabaseAway);
  const code = sqlState(error);
  if (code !== undefined) return AWAY_SQL_STATES.test(code) || AWAY_SYSTEM_CODES.includes(code);
  return error instanceof Error && AWAY_MESSAGES.test(error.message);
}
