import { z } from 'zod';
import type { Method, TestApi } from './api-server.js';

/** One operation of the OpenAPI document. */
export interface Operation {
  /** For example `GET /api/v1/systems/{systemId}`. */
  readonly name: string;
  readonly method: Method;
  /** The path with sample values for its parameters. */
  readonly samplePath: string;
  readonly definition: z.infer<typeof operationSchema>;
}

const operationSchema = z.looseObject({
  summary: z.string(),
  operationId: z.string(),
  tags: z.array(z.string()).min(1),
  parameters: z.array(z.looseObject({ name: z.string(), in: z.string() })).default([]),
  requestBody: z.unknown().optional(),
  responses: z.record(z.string(), z.looseObject({ description: z.string() })),
  security: z.array(z.unknown()).optional(),
});

/** The part of the OpenAPI document that tests look at. */
export const documentSchema = z.looseObject({
  openapi: z.string().regex(/^3\./),
  paths: z.record(z.string(), z.partialRecord(z.enum(['get', 'post', 'put', 'patch', 'delete']), operationSchema)),
  components: z.looseObject({ schemas: z.record(z.string(), z.unknown()) }),
});

const SAMPLE_ID = '00000000-0000-4000-8000-000000000000';

/** The OpenAPI document as it is served. */
export async function openApi(api: TestApi): Promise<z.infer<typeof documentSchema>> {
  return documentSchema.parse((await api.send('get', '/api/docs/openapi.json')).body);
}

/** Every operation of the document. */
export async function operations(api: TestApi): Promise<Operation[]> {
  const { paths } = await openApi(api);
  return Object.entries(paths).flatMap(([path, item]) =>
    (['get', 'post', 'put', 'patch', 'delete'] as const).flatMap((method) => {
      const definition = item[method];
      if (definition === undefined) return [];
      const samplePath = path
        .replace('{version}', '1')
        .replace('{typeName}', 'x')
        .replace(/\{\w+\}/g, SAMPLE_ID);
      return [{ name: `${method.toUpperCase()} ${path}`, method, samplePath, definition }];
    }),
  );
}
