import { scalarText } from './apply-function.js';
import type { FunctionDefinition } from './function-definition.js';

/** Codes of the directory that keep their region. */
const SPECIAL_CODES: ReadonlyMap<string, string> = new Map(
  ['zh_TW', 'fr_CA', 'pt_BR', 'es_MX'].map((code) => [code.replace('_', '-'), code]),
);

/** FNC-34: between language tags (`en-US`) and the two-letter codes of the directory (`EN`). */
export const convertLocaleCode: FunctionDefinition = {
  name: 'convertLocaleCode',
  parameters: { outputFormat: { kind: 'text', required: true, oneOf: ['bcp47', 'iso639'] } },
  elements: 'always',
  prepare: (args) => {
    const convert = args.text('outputFormat') === 'bcp47' ? toLanguageTag : toDirectoryCode;
    return (value) => convert(scalarText(value, 'convertLocaleCode').trim());
  },
};

function toLanguageTag(text: string): string {
  const locale = mappedLocale(text);
  if (locale === undefined) return 'en-US';
  if (locale.region !== undefined) return text.includes('_') ? locale.toString() : tagAsWritten(text, locale);
  return `${locale.toString()}-${locale.maximize().region ?? 'US'}`;
}

/** A value that is a language tag already stays as it is. */
function tagAsWritten(text: string, locale: Intl.Locale): string {
  return text.toLowerCase() === locale.toString().toLowerCase() ? locale.toString() : text;
}

function toDirectoryCode(text: string): string {
  if (/^[A-Z]{2}$/.test(text) || [...SPECIAL_CODES.values()].includes(text)) return text;
  const locale = mappedLocale(text);
  if (locale === undefined || locale.language.length !== 2) return 'EN';
  return SPECIAL_CODES.get(`${locale.language}-${locale.region ?? ''}`) ?? locale.language.toUpperCase();
}

/** A language that is spoken in a country; Esperanto and the like have none and are not mapped. */
function mappedLocale(text: string): Intl.Locale | undefined {
  const locale = parseLocale(text.replaceAll('_', '-'));
  const region = locale === undefined ? undefined : new Intl.Locale(locale.language).maximize().region;
  return region === undefined || region === '001' ? undefined : locale;
}

function parseLocale(tag: string): Intl.Locale | undefined {
  try {
    return new Intl.Locale(tag);
  } catch {
    return undefined;
  }
}
