import { isJsonObject } from './json.js';
import type { JsonObject, JsonValue } from './json.js';
import { MASK } from './transform/index.js';
import { below } from './transform/issues.js';

/** Attributes that hold secrets by their name (TRC-7): `password`, `passphrase`, `unicodePwd`, `clientSecret`. */
const SECRET_NAME = /passw|passphrase|passcode|pwd|secret/i;
/** Members that say what the member `value` beside them is: operations of a PATCH, attributes that are given by name. */
const NAMING = ['path', 'name', 'attribute', 'key'] as const;

const NOTHING: ReadonlySet<string> = new Set();

/** True for a name, a path or a variable that is called like a password or a secret. */
export function isSecretName(name: string): boolean {
  return SECRET_NAME.test(name);
}

/** True for an object whose member `value` is a secret by what stands beside it: `{"path": "password", "value": …}`. */
export function holdsSecretValue(object: JsonObject): boolean {
  return NAMING.some((member) => {
    const name = object[member];
    return typeof name === 'string' && isSecretName(name);
  });
}

/** The value with everything masked whose attribute is called like a secret, at any depth. */
export function maskValue(value: JsonValue): JsonValue {
  return maskAt(value, '', NOTHING);
}

/**
 * The same of a document.
 *
 * @param hidden JSON pointers of values to be masked whatever their name is
 */
export function maskDocument(document: JsonObject, hidden: ReadonlySet<string> = NOTHING): JsonObject {
  return maskMembers(document, '', hidden);
}

function maskAt(value: JsonValue, pointer: string, hidden: ReadonlySet<string>): JsonValue {
  if (hidden.has(pointer)) return MASK;
  if (Array.isArray(value)) return value.map((element, index) => maskAt(element, below(pointer, index), hidden));
  return isJsonObject(value) ? maskMembers(value, pointer, hidden) : value;
}

function maskMembers(object: JsonObject, pointer: string, hidden: ReadonlySet<string>): JsonObject {
  const isSecret = (name: string): boolean => isSecretName(name) || (name === 'value' && holdsSecretValue(object));
  return Object.fromEntries(
    Object.entries(object).map(([name, value]) => [
      name,
      isSecret(name) ? MASK : maskAt(value, below(pointer, name), hidden),
    ]),
  );
}
