import { isJsonObject } from '../json.js';
import type { JsonObject, JsonValue } from '../json.js';
import { holdsSecretValue, isSecretName, maskDocument } from '../secret-names.js';
import { MASK } from '../transform/index.js';
import { MAX_CONTENT_CHARACTERS } from './trace.js';

/** A content as it is stored: the masked document, null where there is none, or the text of one that was cut (LIM-4). */
export type StoredContent = { readonly document: JsonObject | null } | { readonly cut: string };

/** What must not be seen of a document, beside what is named like a secret (TRC-7). */
export interface Secrets {
  /** Attributes whose value comes from a credential property or `randomPassword`. */
  readonly attributes?: ReadonlySet<string>;
  /** The common JSON that the document was made of: what is named like a secret there is none the less one under another name. */
  readonly madeOf?: JsonObject | null;
}

/** The document without its secrets (TRC-7). */
export function masked(document: JsonObject, { attributes, madeOf }: Secrets = {}): JsonObject {
  const hidden = new Set([...(attributes ?? [])].map((name) => `/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`));
  const values = madeOf ? [...secretValues(madeOf)] : [];
  const named = maskDocument(document, hidden);
  return values.length === 0 ? named : withoutValues(named, values);
}

/**
 * What is stored of a content, cut after so many characters of its JSON. Truncated content ends with a mark that gives the original
 * length (TRC-5).
 */
export function storedContent(document: JsonObject | null, maxCharacters: number): { [key: string]: JsonValue } {
  if (document === null) return { document: null };
  if (maxCharacters === Infinity) return { document };
  const text = JSON.stringify(document);
  if (text.length <= maxCharacters) return { document };
  return { cut: `${wholeCharacters(text, maxCharacters)}… [cut: ${text.length} characters in all]` };
}

/** A stored content as one line of text: control characters and line separators are escaped. */
export function contentText(content: StoredContent): string {
  if ('cut' in content) return content.cut;
  return JSON.stringify(content.document).replaceAll(
    /[\u007f-\u009f\u2028\u2029]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** A content to be shown where there is no room for an unlimited one: cut like all others (LIM-4). */
export function shortened(content: StoredContent): StoredContent {
  return 'cut' in content ? content : readStoredContent(storedContent(content.document, MAX_CONTENT_CHARACTERS));
}

/** The same as a value of JSON: the document itself, or the text of one that was cut. */
export function contentValue(content: StoredContent): JsonValue {
  return 'cut' in content ? content.cut : content.document;
}

/** What {@link storedContent} has made, when it comes back. Throws Error for anything else. */
export function readStoredContent(stored: JsonObject): StoredContent {
  const { document, cut } = stored;
  if (typeof cut === 'string') return { cut };
  if (document === null || isJsonObject(document)) return { document };
  throw new Error('a stored content is none');
}

/** No half of a surrogate pair is left at the end. */
function wholeCharacters(text: string, count: number): string {
  const last = text.charCodeAt(count - 1);
  return text.slice(0, last >= 0xd800 && last <= 0xdbff ? count - 1 : count);
}

/** Shorter ones are hidden only where they are all of a value: they would be found by chance in any text. */
const MIN_FOUND = 4;

function withoutValues(document: JsonObject, secrets: readonly string[]): JsonObject {
  const isSecret = (text: string): boolean =>
    secrets.some((secret) => text === secret || (secret.length >= MIN_FOUND && text.includes(secret)));
  const hide = (value: JsonValue): JsonValue => {
    if (typeof value === 'string') return isSecret(value) ? MASK : value;
    if (typeof value === 'number') return secrets.includes(String(value)) ? MASK : value;
    if (Array.isArray(value)) return value.map(hide);
    return isJsonObject(value) ? mapped(value, hide) : value;
  };
  return mapped(document, hide);
}

function mapped(object: JsonObject, change: (value: JsonValue) => JsonValue): JsonObject {
  return Object.fromEntries(Object.entries(object).map(([name, value]) => [name, change(value)]));
}

/** Texts and numbers of attributes that are named like a secret, at any depth. */
function* secretValues(value: JsonValue, isNamed = false): Generator<string> {
  if (typeof value === 'string') {
    if (isNamed && value !== '') yield value;
  } else if (typeof value === 'number') {
    if (isNamed) yield String(value);
  } else if (Array.isArray(value)) {
    for (const element of value) yield* secretValues(element, isNamed);
  } else if (isJsonObject(value)) {
    const isValue = holdsSecretValue(value);
    for (const [name, member] of Object.entries(value))
      yield* secretValues(member, isNamed || isSecretName(name) || (isValue && name === 'value'));
  }
}
