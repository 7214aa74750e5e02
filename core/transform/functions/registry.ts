import { toLowerCaseString, toUpperCaseString } from './change-case.js';
import { concatString } from './concat-string.js';
import { elementAt } from './element-at.js';
import type { FunctionDefinition } from './function-definition.js';
import { putIfAbsent, putIfPresent } from './put-if.js';
import { replaceString } from './replace-string.js';
import { resolveEntityIds } from './resolve-entity-ids.js';

const ALL: readonly FunctionDefinition[] = [
  concatString,
  replaceString,
  toUpperCaseString,
  toLowerCaseString,
  elementAt,
  putIfAbsent,
  putIfPresent,
  resolveEntityIds,
];

/** The functions of the language by name (section 8.2). */
export const FUNCTIONS: ReadonlyMap<string, FunctionDefinition> = new Map(ALL.map((fn) => [fn.name, fn]));
