import { escapeForQuotes } from '../cursor.js';
import type { VariableSource } from '../template.js';
import { textOf } from '../value.js';
import { ownProperty } from './condition-functions.js';

/** A piece of a condition as written: text, or a reference with the place where it stands. */
type Piece = { readonly text: string } | { readonly variable: string; readonly quoted: boolean };

/** A condition with the properties in place and the variables still open (CND-4). */
export interface ConditionTemplate {
  readonly pieces: readonly Piece[];
  readonly variables: readonly string[];
}

const REFERENCE = /%([A-Za-z0-9_.<>-]+)%|\$\{([^{}]+)\}/y;

/** Puts the properties into a condition: escaped inside quotes (PHL-6), `null` if they are not set (PHL-2). */
export function parseConditionTemplate(raw: string, properties: Readonly<Record<string, string>>): ConditionTemplate {
  const pieces: Piece[] = [];
  const variables = new Set<string>();
  let text = '';
  let quote: string | undefined;
  for (let position = 0; position < raw.length;) {
    REFERENCE.lastIndex = position;
    const match = REFERENCE.exec(raw);
    const quoted = quote === "'" || quote === '"';
    if (match !== null) {
      const [found, key, variable] = match;
      if (key !== undefined) text += inPlace(ownProperty(properties, key) ?? 'null', quoted);
      if (variable !== undefined) {
        pieces.push({ text }, { variable, quoted });
        variables.add(variable);
        text = '';
      }
      position += found.length;
      continue;
    }
    const character = raw.charAt(position);
    // An escaped character can neither open nor close anything.
    const length = character === '\\' && quote !== undefined ? 2 : 1;
    if (length === 1) quote = nextQuote(quote, character, text);
    text += raw.slice(position, position + length);
    position += length;
  }
  pieces.push({ text });
  return { pieces, variables: [...variables] };
}

/** The text of a condition when the variables are known. */
export function fillCondition(template: ConditionTemplate, source: VariableSource): string {
  let text = '';
  for (const piece of template.pieces) {
    if ('text' in piece) text += piece.text;
    else {
      const value = source.variable(piece.variable);
      const filled = value === undefined || value === null ? '' : inPlace(textOf(value), piece.quoted);
      source.budget?.produce(filled.length);
      text += filled;
    }
  }
  return text;
}

function inPlace(value: string, quoted: boolean): string {
  return quoted ? escapeForQuotes(value) : value;
}

/** A slash opens a regular expression only behind `=~`; elsewhere it is a mistake that the parser reports. */
function nextQuote(quote: string | undefined, character: string, before: string): string | undefined {
  if (quote !== undefined) return character === quote ? undefined : quote;
  if (character === "'" || character === '"') return character;
  return character === '/' && /=~\s*$/.test(before.slice(-100)) ? '/' : undefined;
}
