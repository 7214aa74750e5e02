import { readEntry } from './search.js';
import { present } from './filter/build.js';
import type { OpenedSession } from './sessions.js';
import { RESULT } from './wire/result-codes.js';
import { ResultError } from './wire/wire-error.js';

/** Syntaxes whose values are bytes: audio, binary, certificate, certificate list, certificate pair, fax, JPEG, octet string. */
const BINARY_SYNTAXES = new Set(['4', '5', '8', '9', '10', '23', '28', '40']);
/** Directory string, IA5 string, printable string. */
const TEXT_SYNTAXES = new Set(['15', '26', '44']);
const MAX_SUPERIORS = 10;
const LDAP_SYNTAX = '1.3.6.1.4.1.1466.115.121.1.';

/** What the schema says of attributes and classes; empty where it cannot be read. Names in lower case. */
export interface Schema {
  readonly binary: ReadonlySet<string>;
  /** All attributes that the server knows. */
  readonly attributes: ReadonlySet<string>;
  /** Attributes that can be searched by parts of their values. */
  readonly substrings: ReadonlySet<string>;
  /** True for attributes that differ by upper and lower case. */
  readonly caseExact: ReadonlySet<string>;
  readonly singleValued: ReadonlySet<string>;
  /** Direct superiors of a class. */
  readonly superiors: ReadonlyMap<string, readonly string[]>;
  /** Spelling of a class. */
  readonly classNames: ReadonlyMap<string, string>;
}

export const NO_SCHEMA: Schema = {
  binary: new Set(),
  attributes: new Set(),
  substrings: new Set(),
  caseExact: new Set(),
  singleValued: new Set(),
  superiors: new Map(),
  classNames: new Map(),
};

/** A server that cannot answer now has a schema: bytes that were taken for texts meanwhile would be written into targets. */
const PASSING: ReadonlySet<number> = new Set([RESULT.busy, RESULT.unavailable, RESULT.timeLimitExceeded]);

/** Reads the schema of a server. One that hides it is served by what is generally known. */
export async function readSchema({ session, rootDse }: OpenedSession, signal?: AbortSignal): Promise<Schema> {
  if (rootDse.subschemaSubentry === undefined) return NO_SCHEMA;
  try {
    const entry = await readEntry(
      session,
      {
        base: rootDse.subschemaSubentry,
        filter: present('objectClass'),
        attributes: ['attributeTypes', 'objectClasses'],
      },
      signal,
    );
    return entry === undefined ? NO_SCHEMA : parseSchema(entry.texts('attributeTypes'), entry.texts('objectClasses'));
  } catch (error) {
    if (error instanceof ResultError && !PASSING.has(error.code)) return NO_SCHEMA;
    throw error;
  }
}

/** The schema with what the administrator knows better (CONN-LDAP-40). */
export function withBytes(schema: Schema, attributes: readonly string[]): Schema {
  if (attributes.length === 0) return schema;
  return { ...schema, binary: new Set([...schema.binary, ...attributes.map((name) => name.toLowerCase())]) };
}

/** Understands the definitions of RFC 4512 §4.1.1 and §4.1.2, as far as they decide anything here. */
export function parseSchema(attributeTypes: readonly string[], objectClasses: readonly string[]): Schema {
  const binary = new Set<string>();
  const caseExact = new Set<string>();
  const singleValued = new Set<string>();
  const definitions = new Map<string, string>();
  for (const definition of attributeTypes) {
    const names = namesOf(definition);
    const syntax = /\bSYNTAX\s+'?([\d.]+)/.exec(definition)?.[1];
    const isBinary = syntax?.startsWith(LDAP_SYNTAX) === true && BINARY_SYNTAXES.has(syntax.slice(LDAP_SYNTAX.length));
    for (const name of names) {
      definitions.set(name, definition);
      if (isBinary) binary.add(name);
      if (/\bEQUALITY\s+caseExact/.test(definition)) caseExact.add(name);
      if (/\bSINGLE-VALUE\b/.test(definition)) singleValued.add(name);
    }
  }
  const superiors = new Map<string, readonly string[]>();
  const classNames = new Map<string, string>();
  for (const definition of objectClasses) {
    const above = /\bSUP\s+(?:\(([^)]*)\)|([\w.-]+))/.exec(definition);
    const list = (above?.[1]?.split('$') ?? [above?.[2] ?? ''])
      .map((name) => name.trim())
      .filter((name) => name !== '');
    for (const name of spellings(definition)) {
      superiors.set(name.toLowerCase(), list);
      classNames.set(name.toLowerCase(), name);
    }
  }
  const attributes = new Set(definitions.keys());
  const substrings = new Set([...attributes].filter((name) => hasParts(definitions, name)));
  return { binary, attributes, substrings, caseExact, singleValued, superiors, classNames };
}

/** The rule may be that of an attribute above. Active Directory names none, and has one for every text. */
function hasParts(definitions: ReadonlyMap<string, string>, name: string, depth = 0): boolean {
  const definition = definitions.get(name);
  if (definition === undefined || depth > MAX_SUPERIORS) return false;
  if (/\bSUBSTR\s/.test(definition)) return true;
  const syntax = /\bSYNTAX\s+'?([\d.]+)/.exec(definition)?.[1];
  if (!/\bEQUALITY\s/.test(definition) && syntax?.startsWith(LDAP_SYNTAX) === true)
    return TEXT_SYNTAXES.has(syntax.slice(LDAP_SYNTAX.length));
  const above = /\bSUP\s+'?([\w.-]+)/.exec(definition)?.[1];
  return above !== undefined && hasParts(definitions, above.toLowerCase(), depth + 1);
}

function namesOf(definition: string): string[] {
  return spellings(definition).map((name) => name.toLowerCase());
}

function spellings(definition: string): string[] {
  const names = /\bNAME\s+(?:'([^']*)'|\(([^)]*)\))/.exec(definition);
  if (names?.[1] !== undefined) return [names[1]];
  return [...(names?.[2] ?? '').matchAll(/'([^']*)'/g)].map((match) => match[1] ?? '');
}

/** A class with all its superiors, the most general first (CONN-LDAP-62). */
export function classChain(schema: Schema, className: string): string[] {
  const chain: string[] = [];
  const visit = (name: string): void => {
    const spelled = schema.classNames.get(name.toLowerCase()) ?? name;
    if (chain.includes(spelled)) return;
    for (const above of schema.superiors.get(name.toLowerCase()) ?? []) visit(above);
    if (!chain.includes(spelled)) chain.push(spelled);
  };
  visit(className);
  return chain;
}
