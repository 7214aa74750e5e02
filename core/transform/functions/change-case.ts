import { ExpressionError } from '../expression-error.js';
import { scalarText } from './apply-function.js';
import type { FunctionArguments, FunctionDefinition } from './function-definition.js';

const LOCALE = /^[A-Za-z]{2,3}([_-][A-Za-z0-9]{2,4})*$/;

/** FNC-19. */
export const toUpperCaseString = changeCase('toUpperCaseString', (text, locale) =>
  locale === undefined ? text.toUpperCase() : text.toLocaleUpperCase(locale),
);

/** FNC-19. */
export const toLowerCaseString = changeCase('toLowerCaseString', (text, locale) =>
  locale === undefined ? text.toLowerCase() : text.toLocaleLowerCase(locale),
);

function changeCase(name: string, change: (text: string, locale: string | undefined) => string): FunctionDefinition {
  return {
    name,
    parameters: { locale: { kind: 'text', required: false } },
    elements: 'always',
    prepare: (args) => {
      const locale = languageTag(args);
      // Only these languages have rules of their own, and the general rules are much faster.
      const special = /^(?:tr|az|lt|el)\b/.test(locale) ? locale : undefined;
      return (value) => change(scalarText(value, name), special);
    },
  };
}

/** The form `de_DE` as a language tag. */
function languageTag(args: FunctionArguments): string {
  const locale = args.has('locale') ? args.text('locale') : 'en_EN';
  if (!LOCALE.test(locale)) throw new ExpressionError('the locale must have the form de_DE');
  try {
    return Intl.getCanonicalLocales(locale.replaceAll('_', '-'))[0] ?? 'en';
  } catch {
    throw new ExpressionError('the locale must have the form de_DE');
  }
}
