import { FilterSyntaxProblem, parseScimFilter, tokenizeFilter } from '../../core/filter/parse-filter.js';

/** `attribute eq "value"` with the value escaped as JSON (CONN-SCIM-29, RFC 7644 §3.4.2.2). */
export function equalsFilter(attribute: string, value: string | number | boolean): string {
  return `${attribute} eq ${JSON.stringify(value)}`;
}

/** `attribute gt "instant"`, instant in UTC; fractions of a second only where the server wants them (CONN-SCIM-35). */
export function modifiedAfterFilter(instant: Date, milliseconds = false): string {
  const text = instant.toISOString();
  return `meta.lastModified gt "${milliseconds ? text : `${text.slice(0, 19)}Z`}"`;
}

/**
 * All parts joined with `and`; a part gets parentheses only if it holds `or` or `not`, because some servers refuse needless
 * ones (CONN-SCIM-26). Undefined if there is no part.
 */
export function allOf(parts: readonly (string | undefined)[]): string | undefined {
  const present = parts.filter((part): part is string => part !== undefined && part.trim() !== '');
  const [only] = present;
  if (present.length <= 1) return only;
  return present.map((part) => (needsParentheses(part) ? `(${part})` : part)).join(' and ');
}

/** Any of the parts. */
export function anyOf(parts: readonly string[]): string {
  return parts.join(' or ');
}

function needsParentheses(filter: string): boolean {
  try {
    return tokenizeFilter(filter).some(({ kind, text }) => kind === 'word' && /^(or|not)$/i.test(text));
  } catch (error) {
    if (!(error instanceof FilterSyntaxProblem)) throw error;
    // What cannot be read goes to the server as it is, at least kept together.
    return true;
  }
}

/** Finding of {@link checkFilter}. */
export interface FilterProblem {
  readonly severity: 'error' | 'warning';
  readonly message: string;
}

/**
 * Local syntax check of a filter property (CONN-SCIM-28). Attribute names are not checked. The documented shorthand
 * `displayName eq "A" or "B"` is not SCIM, yet some servers take it: a warning, and it is sent unchanged.
 */
export function checkFilter(filter: string): FilterProblem | undefined {
  try {
    const { shorthandAt } = parseScimFilter(filter);
    if (shorthandAt === undefined) return undefined;
    const message = `"or" at position ${shorthandAt} is followed by a value instead of a comparison: not legal SCIM, sent unchanged`;
    return { severity: 'warning', message };
  } catch (error) {
    if (error instanceof FilterSyntaxProblem) return { severity: 'error', message: error.message };
    throw error;
  }
}
