import { isJsonObject } from './json.js';
import type { JsonObject, JsonValue } from './json.js';

/**
 * Canonical text of a document (CHG-3): keys sorted, absent equals null, arrays of scalars and arrays of objects with `value` compared as
 * sets. Two documents are equal for change detection exactly when their texts are.
 */
export function canonicalJson(value: JsonValue): string {
  if (Array.isArray(value)) return canonicalArray(value);
  return isJsonObject(value) ? canonicalObject(value) : JSON.stringify(value);
}

function canonicalObject(object: JsonObject): string {
  let text = '{';
  for (const key of Object.keys(object).sort()) {
    const member = object[key];
    if (member === undefined || member === null) continue;
    if (text.length > 1) text += ',';
    text += `${JSON.stringify(key)}:${canonicalJson(member)}`;
  }
  return `${text}}`;
}

function canonicalArray(array: readonly JsonValue[]): string {
  const elements = array.map(canonicalJson);
  return `[${isSet(array) ? sortedDistinct(elements).join(',') : elements.join(',')}]`;
}

function isSet(array: readonly JsonValue[]): boolean {
  return array.every((element) => (isJsonObject(element) ? 'value' in element : !Array.isArray(element)));
}

function sortedDistinct(texts: string[]): string[] {
  texts.sort();
  return texts.filter((text, index) => index === 0 || text !== texts[index - 1]);
}
