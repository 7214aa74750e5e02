import { randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { InstallationKeys, Keyring, SecretError, loadKeyring } from '../../../runtime/secrets.js';

const place = { systemId: '0c9f3d0a-7d1e-4a52-8b55-1f7f3f1f0001', propertyName: 'Password' };

describe('Keyring', () => {
  const keyring = new Keyring(randomBytes(32));

  it('CRD-2: opens what it sealed, and the sealed form holds no clear text', () => {
    const sealed = keyring.sealSecret(place, 'gehéim ✓');
    expect(keyring.openSecret(place, sealed)).toBe('gehéim ✓');
    expect(sealed.includes(Buffer.from('geh'))).toBe(false);
  });

  it('CRD-2: seals the same text differently each time', () => {
    expect(keyring.sealSecret(place, 'x').equals(keyring.sealSecret(place, 'x'))).toBe(false);
  });

  it.each([
    ['another system', { ...place, systemId: '0c9f3d0a-7d1e-4a52-8b55-1f7f3f1f0002' }],
    ['another property', { ...place, propertyName: 'ldap.password' }],
  ])('CRD-2: a value moved to %s does not open', (_name, other) => {
    expect(() => keyring.openSecret(other, keyring.sealSecret(place, 'x'))).toThrow(SecretError);
  });

  it('CRD-2: a value with any single byte changed does not open', () => {
    const sealed = keyring.sealSecret(place, 'x');
    for (let index = 0; index < sealed.length; index++) {
      const changed = Buffer.from(sealed);
      changed.writeUInt8(changed.readUInt8(index) ^ 1, index);
      expect(() => keyring.openSecret(place, changed)).toThrow(SecretError);
    }
  });

  it('CRD-2: rotation wraps the data key again and leaves the content alone', () => {
    const older = randomBytes(32);
    const sealed = new Keyring(older).sealSecret(place, 'old');
    const rotated = new Keyring(randomBytes(32), [older]);
    expect(rotated.openSecret(place, sealed)).toBe('old');
    expect(rotated.needsRewrap(sealed)).toBe(true);
    const wrapped = rotated.rewrap(place, sealed);
    expect(rotated.needsRewrap(wrapped)).toBe(false);
    expect(rotated.openSecret(place, wrapped)).toBe('old');
    expect(wrapped.subarray(-20).equals(sealed.subarray(-20))).toBe(true);
  });

  it('CRD-2: names the key id of a value whose master key is missing', () => {
    expect(() => keyring.openSecret(place, new Keyring(randomBytes(32)).sealSecret(place, 'x'))).toThrow(
      /master key [0-9a-f]{16}, which is not in the key file/,
    );
  });

  it('refuses a master key of another length', () => {
    expect(() => new Keyring(randomBytes(16))).toThrow('must have 32 bytes');
  });
});

describe('InstallationKeys', () => {
  it('LNK-5: derives stable keys that differ by purpose and by installation', () => {
    const root = randomBytes(32);
    const keys = new InstallationKeys(root, 'a');
    expect(keys.deriveKey('hash').equals(new InstallationKeys(root, 'a').deriveKey('hash'))).toBe(true);
    expect(keys.deriveKey('hash')).toHaveLength(32);
    const all = [
      ...(['entity-body', 'link-body', 'log-content', 'hash', 'fingerprint'] as const).map((purpose) =>
        keys.deriveKey(purpose),
      ),
      new InstallationKeys(root, 'b').deriveKey('hash'),
    ].map((key) => key.toString('hex'));
    expect(new Set(all).size).toBe(6);
  });
});

describe('loadKeyring', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'muster-keys-'));
  });
  afterAll(() => rm(folder, { recursive: true }));

  it('makes a file that only its owner may read, once, even when two processes begin together', async () => {
    const path = join(folder, 'made.key');
    const [one, two] = await Promise.all([loadKeyring(path, { create: true }), loadKeyring(path, { create: true })]);
    expect(two.openSecret(place, one.sealSecret(place, 'x'))).toBe('x');
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    const before = await readFile(path, 'utf8');
    await loadKeyring(path, { create: true });
    expect(await readFile(path, 'utf8')).toBe(before);
  });

  it('does not make a file unless told so, and says what to do', async () => {
    await expect(loadKeyring(join(folder, 'none.key'), { create: false })).rejects.toThrow(
      /none\.key cannot be read; create it/,
    );
  });

  it('reads several keys: the first seals, the others open', async () => {
    const [current, older] = [randomBytes(32), randomBytes(32)];
    const path = join(folder, 'two.key');
    await writeFile(path, `# current\n${current.toString('base64')}\n\n${older.toString('base64')} # until 2027\n`);
    const keyring = await loadKeyring(path, { create: false });
    expect(keyring.openSecret(place, new Keyring(older).sealSecret(place, 'x'))).toBe('x');
    expect(new Keyring(current).openSecret(place, keyring.sealSecret(place, 'y'))).toBe('y');
  });

  it.each([
    ['holds no key', '# nothing\n'],
    ['must have 32 bytes', 'c2hvcnQ=\n'],
  ])('refuses a file that is wrong: %s', async (message, text) => {
    const path = join(folder, 'wrong.key');
    await writeFile(path, text);
    await expect(loadKeyring(path, { create: false })).rejects.toThrow(message);
  });
});
