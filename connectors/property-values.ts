/** Plain properties of a system. */
export type Properties = Readonly<Record<string, string>>;

/** A trimmed, non-empty value, or undefined (CONN-CORE-80). */
export function textProperty(properties: Properties, name: string): string | undefined {
  const value = Object.hasOwn(properties, name) ? properties[name]?.trim() : undefined;
  return value === undefined || value === '' ? undefined : value;
}

/** Outcome of looking at one value: what counts, and what is wrong with what was written (PRP-7). */
export interface ReadValue<T> {
  readonly value: T;
  readonly problem?: string;
}

/** `true` or `false`; anything else counts as the default and is a problem. */
export function booleanProperty(properties: Properties, name: string, fallback: boolean): ReadValue<boolean> {
  const text = textProperty(properties, name);
  if (text === undefined) return { value: fallback };
  if (text === 'true' || text === 'false') return { value: text === 'true' };
  return { value: fallback, problem: 'must be true or false' };
}

/** Bounds of a whole number. */
export interface IntegerRange {
  readonly min: number;
  readonly max: number;
  readonly fallback: number;
}

/** A whole number in its range; anything else counts as the default and is a problem. */
export function integerProperty(properties: Properties, name: string, range: IntegerRange): ReadValue<number> {
  const text = textProperty(properties, name);
  if (text === undefined) return { value: range.fallback };
  const value = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
  if (value >= range.min && value <= range.max) return { value };
  return { value: range.fallback, problem: `must be a whole number from ${range.min} to ${range.max}` };
}

/** A list separated by commas; blanks and empty parts are dropped. */
export function listProperty(properties: Properties, name: string): readonly string[] {
  const text = textProperty(properties, name);
  return text === undefined
    ? []
    : text
        .split(',')
        .map((part) => part.trim())
        .filter((part) => part !== '');
}
