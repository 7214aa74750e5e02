import { ExpressionError } from '../expression-error.js';
import type { FunctionArguments, FunctionDefinition } from './function-definition.js';

const LOWERCASE = 'abcdefghijklmnopqrstuvwxyz';
const UPPERCASE = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ';
const DIGITS = '0123456789';
const SPECIAL_SYMBOLS = '~!@#$%^&*()_+';
const MAX_LENGTH = 1024;

/** FNC-30: a password with least numbers of characters of each kind. */
export const randomPassword: FunctionDefinition = {
  name: 'randomPassword',
  parameters: {
    passwordLength: { kind: 'integer', required: true, min: 1 },
    minimumNumberOfLowercaseLetters: { kind: 'integer', required: true, min: 0 },
    minimumNumberOfUppercaseLetters: { kind: 'integer', required: true, min: 0 },
    minimumNumberOfDigits: { kind: 'integer', required: true, min: 0 },
    minimumNumberOfSpecialSymbols: { kind: 'integer', required: true, min: 0 },
    specialSymbols: { kind: 'text', required: false },
  },
  elements: 'onRequest',
  runsOnMissing: true,
  generatesSecret: true,
  prepare: (args) => {
    const length = args.integer('passwordLength') ?? 0;
    const sets = characterSets(args).filter((set) => set.minimum > 0);
    check(
      args,
      length,
      sets.map((set) => set.minimum),
    );
    const all = sets.map((set) => set.characters).join('');
    return (_value, call) => {
      const { randomInt } = call.run.context;
      const draw = (characters: string): string => characters.charAt(randomInt(characters.length));
      const password = sets.flatMap((set) => Array.from({ length: set.minimum }, () => draw(set.characters)));
      while (password.length < length) password.push(draw(all));
      return shuffled(password, randomInt).join('');
    };
  },
};

function characterSets(args: FunctionArguments): { readonly characters: string; readonly minimum: number }[] {
  const symbols = args.has('specialSymbols') ? args.text('specialSymbols') : SPECIAL_SYMBOLS;
  return [
    { characters: LOWERCASE, minimum: args.integer('minimumNumberOfLowercaseLetters') ?? 0 },
    { characters: UPPERCASE, minimum: args.integer('minimumNumberOfUppercaseLetters') ?? 0 },
    { characters: DIGITS, minimum: args.integer('minimumNumberOfDigits') ?? 0 },
    { characters: symbols, minimum: args.integer('minimumNumberOfSpecialSymbols') ?? 0 },
  ];
}

function check(args: FunctionArguments, length: number, minimums: readonly number[]): void {
  const sum = minimums.reduce((total, minimum) => total + minimum, 0);
  if (length > MAX_LENGTH) throw new ExpressionError(`the parameter "passwordLength" is greater than ${MAX_LENGTH}`);
  if (sum === 0) throw new ExpressionError('at least one minimum must be greater than 0');
  if (sum > length) throw new ExpressionError('the minimums add up to more than "passwordLength"');
  const needsSymbols = (args.integer('minimumNumberOfSpecialSymbols') ?? 0) > 0;
  if (args.has('specialSymbols') && !needsSymbols) {
    throw new ExpressionError('"specialSymbols" is given, but "minimumNumberOfSpecialSymbols" is 0');
  }
  if (needsSymbols && args.has('specialSymbols') && args.text('specialSymbols') === '')
    throw new ExpressionError('"specialSymbols" is empty');
}

/** Every order is equally likely. */
function shuffled(characters: readonly string[], randomInt: (exclusiveMax: number) => number): string[] {
  const result = [...characters];
  for (let last = result.length - 1; last > 0; last -= 1) {
    const other = randomInt(last + 1);
    const character = result[last] ?? '';
    result[last] = result[other] ?? '';
    result[other] = character;
  }
  return result;
}
