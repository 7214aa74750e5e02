import { ExpressionError } from '../expression-error.js';
import type { CodePointTest } from './pattern-model.js';

const inRange =
  (from: number, to: number): CodePointTest =>
  (c) =>
    c >= from && c <= to;
const anyOf =
  (characters: string): CodePointTest =>
  (c) =>
    c <= 0xffff && characters.includes(String.fromCharCode(c));

/** The complement of a class. */
export function not(test: CodePointTest): CodePointTest {
  return (c) => !test(c);
}

const lower = inRange(0x61, 0x7a);
const upper = inRange(0x41, 0x5a);
const digit = inRange(0x30, 0x39);
const alpha: CodePointTest = (c) => lower(c) || upper(c);
const alnum: CodePointTest = (c) => alpha(c) || digit(c);
const graph = inRange(0x21, 0x7e);
const punct: CodePointTest = (c) => graph(c) && !alnum(c);
const space = anyOf(' \t\n\u000b\f\r');
const word: CodePointTest = (c) => alnum(c) || c === 0x5f;

const horizontal: CodePointTest = (c) =>
  c === 0x20 ||
  c === 9 ||
  c === 0xa0 ||
  c === 0x1680 ||
  c === 0x180e ||
  (c >= 0x2000 && c <= 0x200a) ||
  c === 0x202f ||
  c === 0x205f ||
  c === 0x3000;
const vertical = anyOf('\n\u000b\f\r\u0085\u2028\u2029');

/** POSIX classes of ASCII, Java's names. */
const POSIX: Readonly<Record<string, CodePointTest>> = {
  Lower: lower,
  Upper: upper,
  ASCII: (c) => c < 0x80,
  Alpha: alpha,
  Digit: digit,
  Alnum: alnum,
  Punct: punct,
  Graph: graph,
  Print: inRange(0x20, 0x7e),
  Blank: anyOf(' \t'),
  Cntrl: (c) => c < 0x20 || c === 0x7f,
  XDigit: (c) => digit(c) || inRange(0x41, 0x46)(c) || inRange(0x61, 0x66)(c),
  Space: space,
};

/** A class of the Unicode database by its expression `\p{...}` of ECMAScript; one code point is tested at a time. */
function unicode(expression: string): CodePointTest {
  const regex = new RegExp(`^(?:${expression})$`, 'u');
  return (c) => regex.test(String.fromCodePoint(c));
}

const unicodeWord = unicode('\\p{Alphabetic}|\\p{M}|\\p{Nd}|\\p{Pc}|\\p{Join_Control}');
const unicodeLetterOrDigit = unicode('\\p{L}|\\p{Nd}');

/** What `\b` counts as part of a word (Java 17: letters and digits of any script, and the underscore). */
export const isWordCharacter: CodePointTest = (c) => word(c) || (c > 0x7f && unicodeLetterOrDigit(c));

/** The classes `\d`, `\s`, `\w`, `\h`, `\v` and their complements; undefined for other letters. */
export function shorthandClass(letter: string, unicodeClasses: boolean): CodePointTest | undefined {
  switch (letter) {
    case 'd':
      return unicodeClasses ? unicode('\\p{Nd}') : digit;
    case 's':
      return unicodeClasses ? unicode('\\p{White_Space}') : space;
    case 'w':
      return unicodeClasses ? unicodeWord : word;
    case 'h':
      return horizontal;
    case 'v':
      return vertical;
    case 'D':
    case 'S':
    case 'W':
    case 'H':
    case 'V': {
      const positive = shorthandClass(letter.toLowerCase(), unicodeClasses);
      return positive === undefined ? undefined : not(positive);
    }
    default:
      return undefined;
  }
}

/** POSIX classes under the flag `U`. */
const UNICODE_POSIX: Readonly<Record<string, string>> = {
  LOWER: '\\p{Lowercase}',
  UPPER: '\\p{Uppercase}',
  ALPHA: '\\p{Alphabetic}',
  DIGIT: '\\p{Nd}',
  ALNUM: '\\p{Alphabetic}|\\p{Nd}',
  PUNCT: '\\p{P}',
  GRAPH: '[^\\p{White_Space}\\p{Cc}\\p{Cs}\\p{Cn}]',
  PRINT: '[^\\p{Zl}\\p{Zp}\\p{Cc}\\p{Cs}\\p{Cn}]',
  BLANK: '\\p{Zs}|\\t',
  CNTRL: '\\p{Cc}',
  XDIGIT: '\\p{Nd}|\\p{Hex_Digit}',
  SPACE: '\\p{White_Space}',
};

/** Binary properties that `\p{Is...}` knows (Java's list). */
const BINARY: Readonly<Record<string, string>> = {
  ALPHABETIC: '\\p{Alphabetic}',
  LETTER: '\\p{L}',
  IDEOGRAPHIC: '\\p{Ideographic}',
  LOWERCASE: '\\p{Lowercase}',
  UPPERCASE: '\\p{Uppercase}',
  TITLECASE: '\\p{Lt}',
  WHITE_SPACE: '\\p{White_Space}',
  WHITESPACE: '\\p{White_Space}',
  CONTROL: '\\p{Cc}',
  PUNCTUATION: '\\p{P}',
  HEX_DIGIT: '\\p{Nd}|\\p{Hex_Digit}',
  HEXDIGIT: '\\p{Nd}|\\p{Hex_Digit}',
  ASSIGNED: '\\P{Cn}',
  NONCHARACTER_CODE_POINT: '\\p{Noncharacter_Code_Point}',
  DIGIT: '\\p{Nd}',
  ALNUM: '\\p{Alphabetic}|\\p{Nd}',
  BLANK: '\\p{Zs}|\\t',
  GRAPH: UNICODE_POSIX['GRAPH'] ?? '',
  PRINT: UNICODE_POSIX['PRINT'] ?? '',
  WORD: '\\p{Alphabetic}|\\p{M}|\\p{Nd}|\\p{Pc}|\\p{Join_Control}',
  JOIN_CONTROL: '\\p{Join_Control}',
  EMOJI: '\\p{Emoji}',
};

/** The methods of `java.lang.Character` that `\p{java...}` names. */
const JAVA: Readonly<Record<string, string>> = {
  javaLowerCase: '\\p{Lowercase}',
  javaUpperCase: '\\p{Uppercase}',
  javaAlphabetic: '\\p{Alphabetic}',
  javaIdeographic: '\\p{Ideographic}',
  javaTitleCase: '\\p{Lt}',
  javaDigit: '\\p{Nd}',
  javaDefined: '\\P{Cn}',
  javaLetter: '\\p{L}',
  javaLetterOrDigit: '\\p{L}|\\p{Nd}',
  javaSpaceChar: '\\p{Z}',
  javaWhitespace: '[\\t-\\r\\x1c-\\x1f]|(?![\\xa0\\u2007\\u202f])\\p{Z}',
  javaISOControl: '\\p{Cc}',
};

/** Unicode blocks in common use, for `\p{In...}`. */
const BLOCKS: Readonly<Record<string, readonly [number, number]>> = {
  BASICLATIN: [0x0, 0x7f],
  LATIN1SUPPLEMENT: [0x80, 0xff],
  LATINEXTENDEDA: [0x100, 0x17f],
  LATINEXTENDEDB: [0x180, 0x24f],
  GREEK: [0x370, 0x3ff],
  GREEKANDCOPTIC: [0x370, 0x3ff],
  CYRILLIC: [0x400, 0x4ff],
  HEBREW: [0x590, 0x5ff],
  ARABIC: [0x600, 0x6ff],
  THAI: [0xe00, 0xe7f],
  HIRAGANA: [0x3040, 0x309f],
  KATAKANA: [0x30a0, 0x30ff],
  CJKUNIFIEDIDEOGRAPHS: [0x4e00, 0x9fff],
  HANGULSYLLABLES: [0xac00, 0xd7af],
  GENERALPUNCTUATION: [0x2000, 0x206f],
};

/** The class `\p{name}`. Throws {@link ExpressionError} for a name that Java or we do not know. */
export function propertyClass(name: string, unicodeClasses: boolean): CodePointTest {
  const [key, value] = name.includes('=') ? name.split('=', 2) : [undefined, name];
  const found = key === undefined ? namedClass(name, unicodeClasses) : keyedClass(key.toLowerCase(), value ?? '');
  if (found === undefined) throw new ExpressionError(`there is no character class \\p{${name}}`);
  return found;
}

function namedClass(name: string, unicodeClasses: boolean): CodePointTest | undefined {
  const posix = POSIX[name];
  if (posix !== undefined) {
    const wide = unicodeClasses ? UNICODE_POSIX[name.toUpperCase()] : undefined;
    return wide === undefined ? posix : unicode(wide);
  }
  const java = JAVA[name];
  if (java !== undefined) return unicode(java);
  if (name === 'LC') return unicode('\\p{Lu}|\\p{Ll}|\\p{Lt}');
  if (name === 'LD') return unicode('\\p{L}|\\p{Nd}');
  if (name === 'L1') return (c) => c <= 0xff;
  if (name === 'all') return () => true;
  if (name.startsWith('In')) return block(name.slice(2));
  if (name.startsWith('Is')) {
    const binary = BINARY[name.slice(2).toUpperCase()];
    return binary === undefined ? (category(name.slice(2)) ?? script(name.slice(2))) : unicode(binary);
  }
  return category(name);
}

function keyedClass(key: string, value: string): CodePointTest | undefined {
  if (key === 'sc' || key === 'script') return script(value);
  if (key === 'blk' || key === 'block') return block(value);
  return key === 'gc' || key === 'general_category' ? category(value) : undefined;
}

function category(name: string): CodePointTest | undefined {
  return /^(?:L[ultmo]?|M[nec]?|N[dlo]?|Z[slp]?|C[cfosn]?|P[cdseifo]?|S[mcko]?)$/.test(name)
    ? unicode(`\\p{${name}}`)
    : undefined;
}

function script(name: string): CodePointTest | undefined {
  if (!/^[A-Za-z_]{2,40}$/.test(name)) return undefined;
  const spelled = name.toLowerCase().replace(/(?:^|_)[a-z]/g, (start) => start.toUpperCase());
  try {
    return unicode(`\\p{Script=${spelled}}`);
  } catch {
    return undefined;
  }
}

function block(name: string): CodePointTest | undefined {
  const range = BLOCKS[name.toUpperCase().replaceAll(/[ _-]/g, '')];
  return range === undefined ? undefined : inRange(range[0], range[1]);
}
