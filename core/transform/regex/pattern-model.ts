/** Says whether a code point belongs to a class. */
export type CodePointTest = (codePoint: number) => boolean;

/** Says whether an assertion holds between two characters. `searchStart` is where the search began (`\G`). */
export type PositionTest = (text: string, position: number, searchStart: number) => boolean;

/** A parsed Java pattern (CND-22). */
export type Pattern =
  | { readonly kind: 'character'; readonly codePoint: number }
  | { readonly kind: 'class'; readonly test: CodePointTest }
  | { readonly kind: 'sequence'; readonly parts: readonly Pattern[] }
  | { readonly kind: 'choice'; readonly options: readonly Pattern[] }
  | { readonly kind: 'group'; readonly index: number; readonly part: Pattern }
  | {
      readonly kind: 'repeat';
      readonly part: Pattern;
      readonly min: number;
      readonly max: number;
      readonly mode: 'greedy' | 'lazy' | 'possessive';
    }
  | { readonly kind: 'atomic'; readonly part: Pattern }
  | { readonly kind: 'look'; readonly part: Pattern; readonly behind: boolean; readonly negative: boolean }
  | { readonly kind: 'reference'; readonly group: number; readonly fold: ((codePoint: number) => number) | undefined }
  | { readonly kind: 'position'; readonly test: PositionTest };

/** A pattern with its groups. */
export interface ParsedPattern {
  readonly pattern: Pattern;
  /** Capturing groups, not counting the whole match. */
  readonly groupCount: number;
  readonly groupNames: ReadonlyMap<string, number>;
}

/** Least and greatest number of UTF-16 units a pattern matches. */
export function lengthsOf(pattern: Pattern): { readonly min: number; readonly max: number } {
  switch (pattern.kind) {
    case 'character': {
      const units = pattern.codePoint > 0xffff ? 2 : 1;
      return { min: units, max: units };
    }
    case 'class':
      return { min: 1, max: 2 };
    case 'sequence':
      return pattern.parts
        .map(lengthsOf)
        .reduce((sum, part) => ({ min: sum.min + part.min, max: sum.max + part.max }), { min: 0, max: 0 });
    case 'choice': {
      const options = pattern.options.map(lengthsOf);
      return {
        min: Math.min(...options.map((option) => option.min)),
        max: Math.max(...options.map((option) => option.max)),
      };
    }
    case 'group':
    case 'atomic':
      return lengthsOf(pattern.part);
    case 'repeat': {
      const part = lengthsOf(pattern.part);
      return { min: part.min * pattern.min, max: part.max === 0 ? 0 : part.max * pattern.max };
    }
    case 'reference':
      return { min: 0, max: Number.POSITIVE_INFINITY };
    case 'look':
    case 'position':
      return { min: 0, max: 0 };
  }
}
