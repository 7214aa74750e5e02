import { X509Certificate } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startTestApi } from '../api/support/api-server.js';
import type { TestApi } from '../api/support/api-server.js';
import { createTarget } from '../api/support/fixtures.js';
import { runAgainst } from './support/against-api.js';

/** Each command is a process of its own. */
const LIMIT_MS = 90_000;

describe('muster certificates', () => {
  let api: TestApi;
  let id = '';
  beforeAll(async () => {
    api = await startTestApi({
      environment: {
        MUSTER_SMTP_HOST: 'mail.example.com',
        MUSTER_MAIL_FROM: 'muster@example.com',
        MUSTER_PUBLIC_URL: 'https://muster.example.com',
      },
    });
    id = await createTarget(api, 'Cloud', 'all');
  });
  afterAll(() => api.stop());

  const certificates = (...rest: string[]): Promise<string> => runAgainst(api, 'certificates', ...rest);

  it(
    'CRT-1 to CRT-3: generates, lists, downloads, activates and deletes',
    async () => {
      expect(await certificates('generate', 'Cloud')).toContain(
        'Authentication is not ClientCertificateAuthentication',
      );
      await api.send('put', `/api/v1/systems/${id}/properties`, {
        properties: { URL: 'https://cloud.example/scim', Authentication: 'ClientCertificateAuthentication' },
        credentials: {},
      });
      expect(await certificates('list', 'Cloud')).toBe('no certificate\nautomatic regeneration: off\n');
      const generated = await certificates('generate', 'cloud');
      expect(generated).toMatch(
        /^Certificate generated successfully\nActive [-0-9a-f]{36}\n {2}fingerprint: (\w\w:){31}\w\w\n/,
      );
      const second = await certificates('generate', 'Cloud');
      const fingerprint = /fingerprint: (\S+)/.exec(second)?.[1] ?? '';
      const pem = await certificates('download', 'Cloud', fingerprint.slice(0, 11).toLowerCase());
      expect(new X509Certificate(pem).fingerprint256).toBe(fingerprint);
      expect(await certificates('activate', 'Cloud', fingerprint)).toBe(`activate: ${fingerprint}\n`);
      expect(await certificates('delete', 'Cloud', fingerprint)).toContain('the active certificate cannot be deleted');
      expect(await certificates('delete', 'Cloud', '')).toContain('give its id');
      const regenerated = await certificates('regenerate', 'Cloud', 'on');
      expect(regenerated).toContain('automatic regeneration: on\nA new certificate has a new fingerprint');
      expect(await certificates('list', 'Cloud')).toContain(`Active `);
    },
    LIMIT_MS,
  );

  it(
    'CRT-8: subscribes to certificates with a list of its own',
    async () => {
      expect(await runAgainst(api, 'subscribe', 'Cloud', 'anna@example.com', '--certificates')).toBe(
        'anna@example.com is told of the certificates of Cloud\n',
      );
      const wrong = await runAgainst(api, 'subscribe', 'Cloud', 'b@example.com', '--certificates', '--topic', 'jobs');
      expect(wrong).toContain('topics belong to jobs');
      expect(await runAgainst(api, 'unsubscribe', 'Cloud', 'anna@example.com', '--certificates')).toBe(
        'anna@example.com is not told of Cloud any more\n',
      );
    },
    LIMIT_MS,
  );
});
