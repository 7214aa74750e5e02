import type { ArgumentMetadata, PipeTransform } from '@nestjs/common';
import { z } from 'zod';
import { issueText } from '../../core/issue-text.js';
import { forbiddenContent } from './forbidden-content.js';
import { ProblemError, jsonPointer } from './problem.js';
import type { FieldError } from './problem.js';

/** Messages of one response at most: a hostile body must not make the answer long. */
const MAX_ERRORS = 50;

// Standard Schema has no place for the texts of one check: those of schemas that say nothing themselves are set for the process.
z.config({ customError: issueText });

/** Checks bodies, queries and path parameters against the zod schema of the handler; refuses with the name of each wrong field. */
export class ValidationPipe implements PipeTransform {
  async transform(value: unknown, metadata: ArgumentMetadata): Promise<unknown> {
    const { schema, type, data } = metadata;
    if (schema === undefined || type === 'custom') return value;
    const forbidden = forbiddenContent(value);
    if (forbidden !== undefined) throw refusal([toFieldError(forbidden.path, forbidden.message, type, data)]);
    const result = await schema['~standard'].validate(value);
    if (!result.issues) return result.value;
    if (type === 'body' && value === undefined) throw refusal([{ pointer: '', message: 'send a body as JSON' }]);
    throw refusal(
      result.issues
        .flatMap(findings)
        .slice(0, MAX_ERRORS)
        .map(({ path, message }) => toFieldError(path, message, type, data)),
    );
  }
}

/** One finding of a schema (Standard Schema). */
type Issue = NonNullable<
  Awaited<ReturnType<NonNullable<ArgumentMetadata['schema']>['~standard']['validate']>>['issues']
>[number];

/** An issue of zod as one finding, or one for each key that is not known. */
function findings(issue: Issue): { path: PropertyKey[]; message: string }[] {
  const path = (issue.path ?? []).map((part) => (typeof part === 'object' ? part.key : part));
  const unknown: unknown = 'keys' in issue && 'code' in issue && issue.code === 'unrecognized_keys' ? issue.keys : [];
  if (!Array.isArray(unknown) || unknown.length === 0) return [{ path, message: issue.message }];
  return unknown.map((key) => ({ path: [...path, String(key)], message: 'is not known here' }));
}

function toFieldError(
  path: readonly PropertyKey[],
  message: string,
  type: ArgumentMetadata['type'],
  name: string | undefined,
): FieldError {
  if (type === 'body') return { pointer: jsonPointer(path), message };
  return { parameter: name ?? path.map(String).join('.'), message };
}

function refusal(errors: readonly FieldError[]): ProblemError {
  const [first] = errors;
  const where = first === undefined ? '' : 'pointer' in first ? first.pointer : first.parameter;
  return new ProblemError('invalid-request', `${where === '' ? 'the request' : where}: ${first?.message ?? ''}`, {
    errors,
  });
}
