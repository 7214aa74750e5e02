import { isJsonObject } from './json.js';
import type { JsonObject, JsonValue } from './json.js';

/** Property of a target: the attribute that it generates and that is stored in the source (ORD-12). */
export const WRITE_BACK_PROPERTY = 'ips.write.back.attribute';

/** An attribute of a user that a target returns, and where it is stored in the source. Names in the native shape of each system. */
export interface WriteBackRule {
  readonly target: readonly string[];
  readonly source: readonly string[];
}

/** The rule of a target; undefined when it has none. Throws RangeError for a value that {@link writeBackProblem} refuses. */
export function writeBackRule(properties: Readonly<Record<string, string>>): WriteBackRule | undefined {
  const text = (properties[WRITE_BACK_PROPERTY] ?? '').trim();
  if (text === '') return undefined;
  const [target, source] = names(text);
  if (target === undefined || source === undefined) throw new RangeError(`${WRITE_BACK_PROPERTY} ${FORM}`);
  return { target, source };
}

/** Both sides of `a=b`, or twice the one that there is. */
function names(text: string): readonly (readonly string[] | undefined)[] {
  const [target = '', source = target, ...more] = text.split('=');
  return more.length > 0 ? [] : [attributeNames(target.trim()), attributeNames(source.trim())];
}

const FORM =
  'must be an attribute, or two with = between them, for example urn:ietf:params:scim:schemas:extension:sap:2.0:User:userUuid=externalId';

/** What is wrong with the value of a property; undefined for everything else. */
export function writeBackProblem(name: string, value: string): string | undefined {
  if (name !== WRITE_BACK_PROPERTY) return undefined;
  try {
    writeBackRule({ [name]: value });
    return undefined;
  } catch {
    return FORM;
  }
}

const NAME = /^[A-Za-z_$][\w$-]*$/;
const SCHEMA = /^(urn:[^\s=]+):([^:\s=]+)$/i;

/** `a`, `a.b`, or an attribute behind the name of its schema; undefined for anything else. */
function attributeNames(text: string): readonly string[] | undefined {
  const [, schema, rest = text] = SCHEMA.exec(text) ?? [];
  const names = rest.split('.');
  if (!names.every((name) => NAME.test(name))) return undefined;
  return schema === undefined ? names : [schema, ...names];
}

/** The value of an attribute that can be stored elsewhere: a text, number or boolean; null where there is none. */
export function valueAt(entity: JsonObject, names: readonly string[]): JsonValue {
  let value: JsonValue | undefined = entity;
  for (const name of names) value = isJsonObject(value) ? value[name] : undefined;
  return value === undefined || typeof value === 'object' || value === '' ? null : value;
}

/** The entity as it would be without the attribute, whoever has set it. */
export function withoutAttribute(entity: JsonObject, names: readonly string[]): JsonObject {
  const [first, ...rest] = names;
  if (first === undefined) return entity;
  const { [first]: value, ...others } = entity;
  if (rest.length === 0 || !isJsonObject(value)) return withoutSchema(others, first);
  const left = withoutAttribute(value, rest);
  return Object.keys(left).length === 0 ? withoutSchema(others, first) : { ...others, [first]: left };
}

/** A server that stores the first attribute of an extension lists its schema, too. */
function withoutSchema(entity: JsonObject, schema: string): JsonObject {
  const { schemas } = entity;
  return Array.isArray(schemas) ? { ...entity, schemas: schemas.filter((one) => one !== schema) } : entity;
}

/** A document with this attribute and nothing else. */
export function documentWith(names: readonly string[], value: JsonValue): JsonObject {
  const [first, ...rest] = names;
  if (first === undefined) throw new RangeError('an attribute has a name');
  return { [first]: rest.length === 0 ? value : documentWith(rest, value) };
}
