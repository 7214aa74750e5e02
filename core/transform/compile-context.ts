import type { JsonObject, JsonValue } from '../json.js';
import { ownProperty } from './condition/condition-functions.js';
import { below } from './issues.js';
import type { IssueCollector } from './issues.js';
import { referencesOf, replacePlaceholders } from './template.js';

/** What every part of the compiler knows: the system's properties, the direction, and where to report. */
export class CompileContext {
  constructor(
    readonly direction: 'read' | 'write',
    readonly properties: Readonly<Record<string, string>>,
    readonly issues: IssueCollector,
    private readonly secretNames: readonly string[] = [],
    private readonly considered: ReadonlySet<string> = new Set(),
  ) {}

  /**
   * The context of what a condition guards: whoever compares `'%key%'` with `'null'` has considered that the property may not be set, so nothing is
   * said of it (CONN-CORE-83).
   */
  guardedBy(condition: JsonValue | undefined): CompileContext {
    const compared = typeof condition === 'string' ? comparedWithNull(condition) : [];
    if (compared.length === 0) return this;
    const considered = new Set([...this.considered, ...compared]);
    return new CompileContext(this.direction, this.properties, this.issues, this.secretNames, considered);
  }

  /** Credential properties that the texts of a value refer to. */
  credentialsIn(value: JsonValue): readonly string[] {
    const used = placeholdersIn(value);
    return this.secretNames.filter((name) => used.has(name));
  }

  /** A text of the document with its placeholders replaced; warns about properties that are not set or empty (PHL-2). */
  text(raw: string, pointer: string): string {
    this.checkPlaceholders(raw, pointer);
    return replacePlaceholders(raw, this.properties);
  }

  /** A boolean member, also as text (TRF-10); false if it is absent. Reports other values. */
  flag(object: JsonObject, key: string, pointer: string): boolean {
    const raw = object[key];
    const value = typeof raw === 'string' ? this.text(raw, below(pointer, key)) : raw;
    if (value === true || value === 'true') return true;
    if (value !== undefined && value !== false && value !== 'false') {
      this.issues.error(
        'wrongType',
        below(pointer, key),
        `"${key}" must be true or false.`,
        typeof raw === 'string' ? raw : undefined,
      );
    }
    return false;
  }

  /** ERR-3: warnings for placeholders without property and with an empty one, in all texts of a value. */
  checkPlaceholders(value: JsonValue, pointer: string): void {
    for (const key of placeholdersIn(value)) {
      const property = ownProperty(this.properties, key);
      if (property === undefined && this.considered.has(key)) continue;
      if (property === undefined) {
        this.issues.warning(
          'placeholderUnset',
          pointer,
          `The property "${key}" is not set; the text "null" is put in its place.`,
          `%${key}%`,
        );
      } else if (property === '') {
        this.issues.warning(
          'placeholderEmpty',
          pointer,
          `The property "${key}" is empty; nothing is put in its place.`,
          `%${key}%`,
        );
      }
    }
  }

  hasPlaceholders(value: JsonValue | undefined): boolean {
    return value !== undefined && placeholdersIn(value).size > 0;
  }

  /** Keys of the properties that all texts of a value refer to. */
  placeholdersIn(value: JsonValue): ReadonlySet<string> {
    return placeholdersIn(value);
  }

  /** Names of the variables in all texts of a value. */
  variablesIn(value: JsonValue): ReadonlySet<string> {
    return new Set(textsIn(value).flatMap((text) => referencesOf(text).variables));
  }
}

const COMPARED_WITH_NULL =
  /(['"])%([A-Za-z0-9_.<>-]+)%\1\s*[=!]==?\s*(['"])null\3|(['"])null\4\s*[=!]==?\s*(['"])%([A-Za-z0-9_.<>-]+)%\5/g;

/** Keys of properties that a condition compares with the text of one that is not set. */
function comparedWithNull(condition: string): string[] {
  return [...condition.matchAll(COMPARED_WITH_NULL)].flatMap((match) => match[2] ?? match[6] ?? []);
}

function placeholdersIn(value: JsonValue): ReadonlySet<string> {
  return new Set(textsIn(value).flatMap((text) => referencesOf(text).placeholders));
}

function textsIn(value: JsonValue): string[] {
  if (typeof value === 'string') return [value];
  if (typeof value !== 'object' || value === null) return [];
  return (Array.isArray(value) ? value : Object.values(value)).flatMap(textsIn);
}
