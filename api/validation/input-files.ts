import type { EntityType } from '../../core/entity-type.js';
import type { ValidatedEntity } from '../../core/validate/validate.js';
import { ProblemError } from '../common/problem.js';
import { MAX_ENTITIES, readCsv } from './csv-file.js';
import type { ValidateBody } from './validation.schemas.js';

/** What the files of a request hold. */
export interface ValidatedInput {
  readonly entities: readonly ValidatedEntity[];
  /** Lines for the log of the test. */
  readonly notes: readonly string[];
}

const FILES = [
  ['users', 'user'],
  ['groups', 'group'],
] as const satisfies readonly (readonly [keyof ValidateBody, EntityType])[];

/** Reads both files. Throws the problem `invalid-request` with the mistakes of both (VAL-3). */
export function readFiles(body: ValidateBody): ValidatedInput {
  const read = FILES.flatMap(([field, type]) => {
    const text = body[field];
    return text === undefined ? [] : [{ field, file: readCsv(text, type, field) }];
  });
  const errors = read.flatMap(({ file }) => ('entities' in file ? [] : file));
  const [first] = errors;
  if (first !== undefined) {
    const where = 'pointer' in first ? first.pointer : first.parameter;
    throw new ProblemError('invalid-request', `${where}: ${first.message}`, { errors: errors.slice(0, 50) });
  }
  return {
    entities: read.flatMap(({ file }) => ('entities' in file ? file.entities : [])),
    notes: read.flatMap(({ field, file }) =>
      'entities' in file && file.ignored > 0
        ? [`note: ${file.ignored} rows of the ${field} are ignored, the first ${MAX_ENTITIES} are tested`]
        : [],
    ),
  };
}
