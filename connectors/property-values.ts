/** Plain properties of a system. */
export type Properties = Readonly<Record<string, string>>;

/** A trimmed, non-empty value, or undefined (CONN-CORE-80). */
export function textProperty(properties: Properties, name: string): string | undefined {
  const value = Object.hasOwn(properties, name) ? properties[name]?.trim() : undefined;
  return value === undefined || value === '' ? undefined : value;
}

/** `true` or `false`; anything else counts as the default (PRP-7). */
export function booleanProperty(properties: Properties, name: string, fallback: boolean): boolean {
  const text = textProperty(properties, name);
  return text === 'true' || text === 'false' ? text === 'true' : fallback;
}

/** Bounds of a whole number. */
export interface IntegerRange {
  readonly min: number;
  readonly max: number;
  readonly fallback: number;
}

/** A whole number in its range; anything else counts as the default (PRP-7). */
export function integerProperty(properties: Properties, name: string, range: IntegerRange): number {
  const text = textProperty(properties, name);
  const value = text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
  return value >= range.min && value <= range.max ? value : range.fallback;
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
