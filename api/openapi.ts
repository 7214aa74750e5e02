import type { INestApplication } from '@nestjs/common';
import { DocumentBuilder, SwaggerModule } from '@nestjs/swagger';
import type { OpenAPIObject } from '@nestjs/swagger';

/** Where the documentation is served; the document itself at `<path>/openapi.json`. */
const DOCS_PATH = 'api/docs';

const FIELD_ERROR = {
  type: 'object',
  required: ['message'],
  properties: {
    pointer: { type: 'string', description: 'JSON pointer into the body (RFC 6901)' },
    parameter: { type: 'string', description: 'Name of a parameter in path or query' },
    message: { type: 'string' },
  },
};

const PROBLEM = {
  type: 'object',
  required: ['type', 'title', 'status', 'detail', 'requestId'],
  properties: {
    type: { type: 'string', description: 'urn:muster:problem:<name>' },
    title: { type: 'string' },
    status: { type: 'integer' },
    detail: { type: 'string' },
    requestId: { type: 'string' },
    errors: { type: 'array', items: FIELD_ERROR },
  },
};

/** Builds the OpenAPI document from the controllers and serves it with a page to read it. */
export function serveOpenApi(app: INestApplication): void {
  SwaggerModule.setup(DOCS_PATH, app, () => openApiDocument(app), {
    jsonDocumentUrl: `${DOCS_PATH}/openapi.json`,
    yamlDocumentUrl: `${DOCS_PATH}/openapi.yaml`,
    customSiteTitle: 'Muster API',
  });
}

function openApiDocument(app: INestApplication): OpenAPIObject {
  const config = new DocumentBuilder()
    .setTitle('Muster API')
    .setDescription(
      'Identity provisioning: systems, transformations, jobs. Errors are application/problem+json (RFC 9457).',
    )
    .setVersion('1')
    .addBearerAuth()
    .addBasicAuth()
    .build();
  const document = SwaggerModule.createDocument(app, config);
  document.components = { ...document.components, schemas: { ...document.components?.schemas, Problem: PROBLEM } };
  addCommonProblems(document);
  return document;
}

/** Problems that every operation can answer with; operations behind a token also 401. */
function addCommonProblems(document: OpenAPIObject): void {
  const content = { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } };
  for (const path of Object.values(document.paths)) {
    for (const operation of [path.get, path.post, path.put, path.patch, path.delete]) {
      if (operation === undefined) continue;
      operation.responses = {
        ...operation.responses,
        '400': { description: 'The request is not valid; errors name each field', content },
        ...(operation.security !== undefined && { '401': { description: 'No live token', content } }),
        '500': { description: 'Unexpected error', content },
      };
    }
  }
}
