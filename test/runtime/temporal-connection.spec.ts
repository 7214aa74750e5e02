import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from '@jest/globals';
import { loadConfig } from '../../runtime/config.js';
import { temporalConnectionOptions } from '../../runtime/temporal-connection.js';

describe('temporalConnectionOptions', () => {
  const folder = mkdtempSync(join(tmpdir(), 'muster-tls-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  const options = (env: Record<string, string>) => temporalConnectionOptions(loadConfig(env).temporal);

  it('connects to a local server in clear text', async () => {
    expect(await options({})).toEqual({ address: '127.0.0.1:7233', tls: false });
  });

  it('sends an API key over TLS', async () => {
    const cloud = { TEMPORAL_ADDRESS: 'region.cloud:7233', TEMPORAL_API_KEY: 'key' };
    expect(await options(cloud)).toEqual({ address: 'region.cloud:7233', tls: {}, apiKey: 'key' });
  });

  it('reads the files of mutual TLS', async () => {
    for (const name of ['ca', 'crt', 'key']) writeFileSync(join(folder, name), name);
    const { tls } = await options({
      TEMPORAL_TLS_SERVER_CA_CERT_PATH: join(folder, 'ca'),
      TEMPORAL_TLS_CLIENT_CERT_PATH: join(folder, 'crt'),
      TEMPORAL_TLS_CLIENT_KEY_PATH: join(folder, 'key'),
      TEMPORAL_TLS_SERVER_NAME: 'temporal.example',
    });
    expect(tls).toEqual({
      serverNameOverride: 'temporal.example',
      serverRootCACertificate: Buffer.from('ca'),
      clientCertPair: { crt: Buffer.from('crt'), key: Buffer.from('key') },
    });
  });

  it('names a file that is not there', async () => {
    const missing = join(folder, 'nothing.pem');
    await expect(options({ TEMPORAL_TLS_SERVER_CA_CERT_PATH: missing })).rejects.toThrow(missing);
  });
});
