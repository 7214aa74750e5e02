import { ProblemError } from './problem.js';

/**
 * Refuses with `not-confirmed` unless the caller has typed what is wanted.
 *
 * @param what is to be typed, for the message
 */
export function requireConfirmation(given: string, wanted: string, what: string): void {
  if (given.trim() === wanted) return;
  const message = `type ${what}`;
  throw new ProblemError('not-confirmed', message, { errors: [{ pointer: '/confirm', message }] });
}
