import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startTestApi } from './support/api-server.js';
import type { TestApi } from './support/api-server.js';
import { openApi, operations } from './support/openapi.js';
import type { Operation } from './support/openapi.js';

let api: TestApi;
let all: Operation[];
beforeAll(async () => {
  api = await startTestApi();
  all = await operations(api);
});
afterAll(() => api.stop());

/** Every value of the document with its path. */
function* walk(value: unknown, path = ''): Generator<[string, string, unknown]> {
  if (typeof value !== 'object' || value === null) return;
  for (const [key, child] of Object.entries(value)) {
    yield [path, key, child];
    yield* walk(child, `${path}/${key}`);
  }
}

describe('the OpenAPI document', () => {
  it('OWASP API9: lists exactly the routes that are served', async () => {
    expect(all.map(({ name }) => name).sort()).toEqual(
      [
        'DELETE /api/v1/auth/tokens/{tokenId}',
        'DELETE /api/v1/locations/{locationId}',
        'DELETE /api/v1/systems/{systemId}',
        'DELETE /api/v1/systems/{systemId}/certificate-recipients/{recipientId}',
        'DELETE /api/v1/systems/{systemId}/certificates/{certificateId}',
        'DELETE /api/v1/systems/{systemId}/recipients/{recipientId}',
        'DELETE /api/v1/systems/{systemId}/released/{entryId}',
        'DELETE /api/v1/systems/{systemId}/schedule',
        'GET /api/v1/auth/tokens',
        'GET /api/v1/health/live',
        'GET /api/v1/health/ready',
        'GET /api/v1/identities',
        'GET /api/v1/jobs',
        'GET /api/v1/jobs/{jobId}',
        'GET /api/v1/jobs/{jobId}/events',
        'GET /api/v1/job-logs',
        'GET /api/v1/job-logs/settings',
        'GET /api/v1/jobs/{jobId}/logs/{logType}',
        'GET /ips/service/publicapi/v1/jobLogs/{jobId}',
        'POST /api/v1/job-logs/delete',
        'PUT /api/v1/job-logs/settings',
        'GET /api/v1/jobs/{jobId}/results',
        'GET /api/v1/jobs/{jobId}/simulation',
        'GET /api/v1/jobs/{jobId}/simulation/export',
        'GET /api/v1/jobs/{jobId}/statistics',
        'GET /api/v1/jobs/{jobId}/unknown',
        'GET /api/v1/locations',
        'GET /api/v1/plans',
        'GET /api/v1/plans/{planId}',
        'GET /api/v1/plans/{planId}/changes',
        'GET /api/v1/plans/{planId}/changes/{changeId}',
        'GET /api/v1/plans/{planId}/export',
        'GET /api/v1/plans/{planId}/sample',
        'GET /api/v1/settings',
        'GET /api/v1/system-types',
        'GET /api/v1/system-types/{typeName}',
        'GET /api/v1/systems',
        'GET /api/v1/systems/{systemId}',
        'GET /api/v1/systems/{systemId}/approval-rules',
        'GET /api/v1/systems/{systemId}/approval-rules/versions/{version}',
        'GET /api/v1/systems/{systemId}/certificate-recipients',
        'GET /api/v1/systems/{systemId}/certificates',
        'GET /api/v1/systems/{systemId}/certificates/{certificateId}',
        'GET /api/v1/systems/{systemId}/certificates/{certificateId}/download',
        'GET /api/v1/systems/{systemId}/gate',
        'GET /api/v1/systems/{systemId}/notifications',
        'GET /api/v1/systems/{systemId}/profile',
        'GET /api/v1/systems/{systemId}/properties',
        'GET /api/v1/systems/{systemId}/recipients',
        'GET /api/v1/systems/{systemId}/released',
        'GET /api/v1/systems/{systemId}/schedule',
        'GET /api/v1/systems/{systemId}/targets',
        'GET /api/v1/systems/{systemId}/transformation',
        'GET /api/v1/systems/{systemId}/transformation/versions',
        'GET /api/v1/systems/{systemId}/transformation/versions/{version}',
        'GET /api/v1/systems/{systemId}/validations',
        'GET /api/v1/systems/{systemId}/validations/{validationId}',
        'GET /api/v1/systems/{systemId}/waiting',
        'PATCH /api/v1/systems/{systemId}',
        'PATCH /api/v1/systems/{systemId}/properties',
        'POST /api/v1/auth/tokens',
        'POST /api/v1/jobs/{jobId}/stop',
        'POST /api/v1/plans/{planId}/apply',
        'POST /api/v1/plans/{planId}/approve',
        'POST /api/v1/plans/{planId}/reject',
        'POST /api/v1/settings/reset',
        'POST /api/v1/systems',
        'POST /api/v1/systems/{systemId}/approval-rules/dry-run',
        'POST /api/v1/systems/{systemId}/certificate-recipients',
        'POST /api/v1/systems/{systemId}/certificates',
        'POST /api/v1/systems/{systemId}/certificates/{certificateId}/activate',
        'POST /api/v1/systems/{systemId}/disable',
        'POST /api/v1/systems/{systemId}/enable',
        'POST /api/v1/systems/{systemId}/jobs',
        'POST /api/v1/systems/{systemId}/pause',
        'POST /api/v1/systems/{systemId}/probe',
        'POST /api/v1/systems/{systemId}/recipients',
        'POST /api/v1/systems/{systemId}/released/{entryId}/adopt',
        'POST /api/v1/systems/{systemId}/reset',
        'POST /api/v1/systems/{systemId}/resume',
        'POST /api/v1/systems/{systemId}/test-connection',
        'POST /api/v1/systems/{systemId}/transformation/check',
        'POST /api/v1/systems/{systemId}/validations',
        'POST /api/v1/systems/{systemId}/waiting/quarantine',
        'POST /api/v1/systems/{systemId}/waiting/release',
        'POST /api/v1/systems/{systemId}/waiting/retry',
        'POST /api/v1/transformations/preview',
        'PUT /api/v1/locations/{locationId}',
        'PUT /api/v1/systems/{systemId}/approval-rules',
        'PUT /api/v1/systems/{systemId}/certificates/automatic-regeneration',
        'PUT /api/v1/systems/{systemId}/profile',
        'PUT /api/v1/systems/{systemId}/properties',
        'PUT /api/v1/systems/{systemId}/schedule',
        'PUT /api/v1/systems/{systemId}/transformation',
      ].sort(),
    );
    const mapped = [...api.logged().matchAll(/Mapped \{(\S+), (\w+)\} route/g)].map(
      ([, path, method]) => `${method} ${path}`,
    );
    expect(mapped.filter((name) => !name.startsWith('ALL'))).toHaveLength(all.length);
  });

  it('describes each operation: summary, parameters of the path, body, success and problems', () => {
    for (const { name, method, definition } of all) {
      const inPath = [...name.matchAll(/\{(\w+)\}/g)].map(([, parameter]) => parameter);
      const described = definition.parameters
        .filter((parameter) => parameter.in === 'path')
        .map((parameter) => parameter.name);
      expect([name, described]).toEqual([name, inPath]);
      const success = Object.entries(definition.responses).filter(([code]) => code.startsWith('2'));
      expect([name, success.length]).not.toEqual([name, 0]);
      expect([name, Object.keys(definition.responses)]).toEqual([name, expect.arrayContaining(['400', '500'])]);
      const hasBody =
        ['put', 'patch'].includes(method) ||
        /POST.*(tokens|systems|jobs|check|preview|probe|reset|approve|reject|apply|retry|quarantine|release|dry-run|recipients|validations|job-logs\/delete)$/.test(
          name,
        );
      expect([name, definition.requestBody !== undefined]).toEqual([name, hasBody]);
    }
  });

  it('describes what each success answers with', () => {
    const bare = all.filter(({ definition }) => {
      const [code, response] = Object.entries(definition.responses).find(([status]) => status.startsWith('2')) ?? [];
      return code !== '204' && !('content' in (response ?? {}));
    });
    // A stream of events and a file have no schema in OpenAPI 3.0.
    expect(bare.map(({ name }) => name)).toEqual([
      'GET /api/v1/systems/{systemId}/certificates/{certificateId}/download',
      'POST /api/v1/systems/{systemId}/validations',
      'GET /api/v1/systems/{systemId}/validations/{validationId}',
      'GET /api/v1/jobs/{jobId}/events',
      'GET /api/v1/jobs/{jobId}/logs/{logType}',
      'GET /api/v1/job-logs',
      'GET /ips/service/publicapi/v1/jobLogs/{jobId}',
      'GET /api/v1/jobs/{jobId}/simulation/export',
      'GET /api/v1/plans/{planId}/export',
    ]);
  });

  it('demands a token on everything that is not public', () => {
    const open = all.filter(({ definition }) => definition.security === undefined).map(({ name }) => name);
    expect(open).toEqual(['GET /api/v1/health/live', 'GET /api/v1/health/ready']);
  });

  it('has one operationId for each operation, and refers only to what it holds', async () => {
    expect(new Set(all.map(({ definition }) => definition.operationId)).size).toBe(all.length);
    const document = await openApi(api);
    const missing = [...walk(document)]
      .filter(([, key, value]) => key === '$ref' && typeof value === 'string')
      .map(([, , value]) => String(value).replace('#/components/schemas/', ''))
      .filter((name) => !(name in document.components.schemas));
    expect(missing).toEqual([]);
  });

  it('holds only what OpenAPI 3.0 knows: no list of types, no const, no null type', async () => {
    const wrong = [...walk(await openApi(api))].filter(
      ([path, key, value]) =>
        !path.endsWith('/properties') &&
        ((key === 'type' && (Array.isArray(value) || value === 'null')) || key === 'const' || key === '$defs'),
    );
    expect(wrong).toEqual([]);
  });

  it('tells the limits of parameters', () => {
    const list = all.find(({ name }) => name === 'GET /api/v1/systems');
    expect(list?.definition.parameters).toContainEqual(
      expect.objectContaining({
        name: 'limit',
        in: 'query',
        schema: expect.objectContaining({ minimum: 1, maximum: 200, default: 20 }),
      }),
    );
  });

  it('is served as a page, too', async () => {
    const page = await api.send('get', '/api/docs');
    expect(page.status).toBe(200);
    expect(page.text).toContain('<title>Muster API</title>');
    expect(page.headers['content-security-policy']).toContain("script-src 'self'");
  });
});
