import { isConnectorError } from '../errors.js';
import { withValueAt } from './json-pointer.js';
import type { Made } from './system-under-test.js';
import { must, type Trial } from './trial.js';

/** Texts that break careless quoting: of filters, paths, JSON, LDAP names and addresses. */
export const AWKWARD = [
  'quote "x"',
  'back\\slash',
  'a,b;c',
  'a/b',
  '100%25',
  'a+b & c=d#e?',
  'Zoë 李 😀',
  "o'neil",
  '(x*)',
];

/** Creates a user of such a name. Undefined: the system refused the name as invalid. */
export async function createAwkward(trial: Trial, n: number, awkward: string): Promise<Made | undefined> {
  const body = withValueAt(trial.body(n), trial.user.name, `${trial.mark} ${awkward}`);
  try {
    return await trial.make(n, body);
  } catch (error) {
    const refused = isConnectorError(error) && error.kind === 'invalid';
    must(refused, `${awkward}: ${isConnectorError(error) ? error.safeMessage : String(error)}`);
    return undefined;
  }
}
