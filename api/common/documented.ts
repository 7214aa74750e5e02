import { applyDecorators } from '@nestjs/common';
import { ApiOperation, ApiResponse } from '@nestjs/swagger';
import type { z } from 'zod';

/** What the OpenAPI document says about a handler. */
export interface Documentation {
  readonly summary: string;
  readonly description?: string;
  /** Status of success; 200 if absent. */
  readonly status?: number;
  /** Body of success; absent: none. */
  readonly response?: z.ZodType;
  /** Statuses of the problems that the handler itself answers with, beside 400, 401 and 500. */
  readonly problems?: Readonly<Record<number, string>>;
}

const PROBLEM_CONTENT = { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } };

/** Summary, response and problems of a handler in one decorator. */
export function Documented(documentation: Documentation): MethodDecorator {
  const { summary, description, status = 200, response, problems = {} } = documentation;
  return applyDecorators(
    ApiOperation({ summary, ...(description !== undefined && { description }) }),
    ApiResponse({ status, description: 'Success', ...(response !== undefined && { standardSchema: response }) }),
    ...Object.entries(problems).map(([code, text]) =>
      ApiResponse({ status: Number(code), description: text, content: PROBLEM_CONTENT }),
    ),
  );
}
