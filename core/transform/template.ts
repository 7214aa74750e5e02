import type { JsonObject, JsonValue } from '../json.js';
import { ownProperty } from './condition/condition-functions.js';
import type { Budget } from './budget.js';
import { isForbiddenName, textOf } from './value.js';
import type { Value } from './value.js';

/** `%key%` (PHL-4). */
const PLACEHOLDER = /%([A-Za-z0-9_.<>-]+)%/g;
/** `%key%` or `${name}`. */
const REFERENCE = /%([A-Za-z0-9_.<>-]+)%|\$\{([^{}]+)\}/g;

/** A text with references to variables; property values are already in it. */
export type TextParts = readonly (string | { readonly variable: string })[];

/** What one text refers to. */
export interface References {
  readonly placeholders: readonly string[];
  readonly variables: readonly string[];
}

/** Keys of properties and names of variables in a text as written. */
export function referencesOf(raw: string): References {
  const placeholders = new Set<string>();
  const variables = new Set<string>();
  for (const [, key, variable] of raw.matchAll(REFERENCE)) {
    if (key !== undefined) placeholders.add(key);
    if (variable !== undefined) variables.add(variable);
  }
  return { placeholders: [...placeholders], variables: [...variables] };
}

/** Replaces `%key%` once (PHL-1, PHL-3); a property that is not set gives `null` (PHL-2). */
export function replacePlaceholders(raw: string, properties: Readonly<Record<string, string>>): string {
  return raw.replace(PLACEHOLDER, (_found, key: string) => ownProperty(properties, key) ?? 'null');
}

/** Splits a text at its variables and replaces its placeholders. Values of properties are not searched for variables. */
export function parseText(raw: string, properties: Readonly<Record<string, string>>): TextParts {
  const parts: (string | { readonly variable: string })[] = [];
  let literal = '';
  let end = 0;
  for (const match of raw.matchAll(REFERENCE)) {
    const [found, key, variable] = match;
    literal += raw.slice(end, match.index);
    end = match.index + found.length;
    if (key !== undefined) literal += ownProperty(properties, key) ?? 'null';
    if (variable !== undefined) {
      if (literal !== '') parts.push(literal);
      parts.push({ variable });
      literal = '';
    }
  }
  literal += raw.slice(end);
  if (literal !== '' || parts.length === 0) parts.push(literal);
  return parts;
}

/** Where templates take the values of variables from; what they build is taken from the budget. */
export interface VariableSource {
  /** Undefined if the variable is unset. */
  readonly variable: (name: string) => Value | undefined;
  readonly budget: Budget | undefined;
}

/** For texts that contain no variables. */
export const NO_VARIABLES: VariableSource = { variable: () => undefined, budget: undefined };

/** The text with the variables put in: unset ones as empty text, values that are no text as JSON (VAR-2). */
export function fillText(parts: TextParts, source: VariableSource): string {
  let text = '';
  for (const part of parts) {
    if (typeof part === 'string') text += part;
    else {
      const value = source.variable(part.variable);
      const filled = value === undefined || value === null ? '' : textOf(value);
      source.budget?.produce(filled.length);
      text += filled;
    }
  }
  return text;
}

/** A JSON value in whose texts placeholders are replaced and variables are put in when it is used. */
export interface ValueTemplate {
  /** The value, if it contains no variable. */
  readonly constant: JsonValue | undefined;
  readonly fill: (source: VariableSource) => JsonValue;
  /** For the fingerprint: variables as objects that no value can be mistaken for. */
  readonly canonical: JsonValue;
}

/** Prepares a JSON value of the document, for example a `constant` (EXP-8) or a parameter (FNC-10). */
export function compileValue(value: JsonValue, properties: Readonly<Record<string, string>>): ValueTemplate {
  if (typeof value === 'string') return compileText(value, properties);
  if (typeof value !== 'object' || value === null) return fixed(value);
  if (Array.isArray(value)) return compileList(value, properties);
  return compileObject(value, properties);
}

function compileText(raw: string, properties: Readonly<Record<string, string>>): ValueTemplate {
  const parts = parseText(raw, properties);
  const [only] = parts;
  if (parts.length === 1 && typeof only === 'string') return fixed(only);
  return {
    constant: undefined,
    fill: (source) => fillText(parts, source),
    canonical: { $text: parts.map((part) => (typeof part === 'string' ? part : [part.variable])) },
  };
}

function compileList(list: readonly JsonValue[], properties: Readonly<Record<string, string>>): ValueTemplate {
  const elements = list.map((element) => compileValue(element, properties));
  const canonical = elements.map((element) => element.canonical);
  const constants = elements.map((element) => element.constant).filter((constant) => constant !== undefined);
  if (constants.length === elements.length) return { ...fixed(constants), canonical };
  return { constant: undefined, fill: (source) => elements.map((element) => element.fill(source)), canonical };
}

function compileObject(object: JsonObject, properties: Readonly<Record<string, string>>): ValueTemplate {
  const members = Object.entries(object)
    .filter(([name]) => !isForbiddenName(name))
    .map(([name, member]) => [name, compileValue(member, properties)] as const);
  const fill = (source: VariableSource): JsonObject =>
    Object.fromEntries(members.map(([name, member]) => [name, member.fill(source)]));
  const canonical = { $object: members.map(([name, member]) => [name, member.canonical]) };
  const isFixed = members.every(([, member]) => member.constant !== undefined);
  if (!isFixed) return { constant: undefined, fill, canonical };
  return { ...fixed(fill(NO_VARIABLES)), canonical };
}

function fixed(value: JsonValue): ValueTemplate {
  return { constant: value, fill: () => value, canonical: value };
}
