import { toLowerCaseString, toUpperCaseString } from './change-case.js';
import { compositeId } from './composite-id.js';
import { concatString } from './concat-string.js';
import { convertCountryCode } from './convert-country-code.js';
import { convertCountryRegion } from './convert-country-region.js';
import { convertLocaleCode } from './convert-locale-code.js';
import { convertTimezoneCode } from './convert-timezone-code.js';
import { elementAt } from './element-at.js';
import { decode, encode } from './encode.js';
import type { FunctionDefinition } from './function-definition.js';
import { manipulateDate } from './manipulate-date.js';
import { copyMapEntry, renameMapEntry } from './map-entry.js';
import { getMatchedRegexGroup, matchRegex } from './match-regex.js';
import { putIfAbsent, putIfPresent } from './put-if.js';
import { randomPassword } from './random-password.js';
import { replaceAllString, replaceFirstString, replaceLastString } from './replace-regex.js';
import { replaceString } from './replace-string.js';
import { resolveEntityIds } from './resolve-entity-ids.js';
import { splitStringToArray } from './split-string.js';
import { substring } from './substring.js';
import { toStringFunction } from './to-string.js';

const ALL: readonly FunctionDefinition[] = [
  concatString,
  substring,
  replaceString,
  replaceFirstString,
  replaceLastString,
  replaceAllString,
  matchRegex,
  getMatchedRegexGroup,
  toUpperCaseString,
  toLowerCaseString,
  toStringFunction,
  encode,
  decode,
  compositeId,
  elementAt,
  splitStringToArray,
  putIfAbsent,
  putIfPresent,
  copyMapEntry,
  renameMapEntry,
  randomPassword,
  manipulateDate,
  convertCountryCode,
  convertCountryRegion,
  convertLocaleCode,
  convertTimezoneCode,
  resolveEntityIds,
];

/** The functions of the language by name (section 8.2). */
export const FUNCTIONS: ReadonlyMap<string, FunctionDefinition> = new Map(ALL.map((fn) => [fn.name, fn]));
