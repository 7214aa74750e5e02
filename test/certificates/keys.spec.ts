import { randomBytes } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Keyring } from '../../runtime/secrets.js';
import { loadAuthority } from '../../state/certificates/authority.js';
import { addCertificate, loadIdentity } from '../../state/certificates/index.js';
import { rewrapSecrets } from '../../state/config/index.js';
import { TestEngine } from '../support/engine.js';
import type { TestSystem } from '../support/engine.js';

const NOW = new Date();

describe('private keys of certificates', () => {
  let engine: TestEngine;
  let cloud: TestSystem;
  const older = randomBytes(32);
  beforeEach(async () => {
    engine = await TestEngine.start();
    // Sealed with a key of its own, which is not what these tests are about.
    await engine.pool.query('update installation set sealed_root_key = null');
    cloud = await engine.addTarget('Cloud', 'http://127.0.0.1:1/scim');
    await addCertificate(engine.pool, new Keyring(older), cloud, { now: NOW, by: 'test' });
  });
  afterEach(() => engine.stop());

  it('CRD-7: rotation of the master key wraps them again, and the former one is not needed any more', async () => {
    const current = randomBytes(32);
    const both = new Keyring(current, [older]);
    const before = await loadIdentity(engine.pool, new Keyring(older), cloud);
    expect(await engine.dataSource.transaction((manager) => rewrapSecrets(manager, both))).toBe(2);
    expect(await engine.dataSource.transaction((manager) => rewrapSecrets(manager, both))).toBe(0);
    const alone = new Keyring(current);
    expect(await loadIdentity(engine.pool, alone, cloud)).toEqual(before);
    const second = await addCertificate(engine.pool, alone, cloud, { now: NOW, by: 'test' });
    expect(second?.isActive).toBe(false);
  });

  it('CRD-7: a key that was copied to another system does not open there', async () => {
    const other = await engine.addTarget('Other', 'http://127.0.0.1:1/scim');
    await engine.pool.query('update outbound_certificate set system_no = $1', [other.no]);
    await expect(loadIdentity(engine.pool, new Keyring(older), other)).rejects.toThrow('belongs to another system');
  });

  it('CRT-2: two processes that begin at once agree on one authority', async () => {
    await engine.pool.query('update installation set authority_certificate = null, sealed_authority_key = null');
    const keyring = new Keyring(older);
    const [one, two] = await Promise.all([
      loadAuthority(engine.pool, keyring, NOW),
      loadAuthority(engine.pool, keyring, NOW),
    ]);
    expect(two).toEqual(one);
  });
});
