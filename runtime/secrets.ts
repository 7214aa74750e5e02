import { createCipheriv, createDecipheriv, createHmac, hkdfSync, randomBytes } from 'node:crypto';
import { link, open, readFile, unlink } from 'node:fs/promises';
import { errorCode } from './error-code.js';

const KEY_BYTES = 32;
const KEY_ID_BYTES = 8;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const FORMAT = 1;
const WRAPPED_KEY_BYTES = NONCE_BYTES + KEY_BYTES + TAG_BYTES;

/** What a sealed value belongs to. It opens only under the same place, so a row cannot be copied to another system or property. */
export interface SecretPlace {
  /** Public id of the system, or `installation` for keys of the installation itself. */
  readonly systemId: string;
  readonly propertyName: string;
}

/** The master key file is missing or malformed, or a value was sealed under another key or for another place. */
export class SecretError extends Error {
  override readonly name = 'SecretError';
}

/** One key-encrypting key with the id that stands in every value it sealed. */
interface MasterKey {
  readonly id: Buffer;
  readonly key: Buffer;
}

/**
 * Envelope encryption with AES-256-GCM: each value has its own data key, and only that key is wrapped by the master key. The first
 * master key seals, the others only open what they sealed before; {@link rewrap} moves a value to the first without reading it.
 */
export class Keyring {
  readonly #keys: readonly [MasterKey, ...MasterKey[]];

  /** Keys of 32 bytes; the first one seals. Throws {@link SecretError} for any other length. */
  constructor(current: Buffer, older: readonly Buffer[] = []) {
    this.#keys = [masterKey(current), ...older.map(masterKey)];
  }

  /** Seals a text for one place. */
  sealSecret(place: SecretPlace, clearText: string): Buffer {
    return this.sealBytes(place, Buffer.from(clearText, 'utf8'));
  }

  /** Opens what {@link sealSecret} made for the same place; throws {@link SecretError} otherwise. */
  openSecret(place: SecretPlace, sealed: Buffer): string {
    return this.openBytes(place, sealed).toString('utf8');
  }

  /** {@link sealSecret} for bytes. */
  sealBytes(place: SecretPlace, clear: Buffer): Buffer {
    const dataKey = randomBytes(KEY_BYTES);
    const body = encrypt(dataKey, clear, aad(place));
    return Buffer.concat([this.#wrap(place, dataKey), body]);
  }

  /** {@link openSecret} for bytes. */
  openBytes(place: SecretPlace, sealed: Buffer): Buffer {
    const { dataKey, body } = this.#unwrap(place, sealed);
    return decrypt(dataKey, body, aad(place));
  }

  /** True when the value was sealed under an older master key. */
  needsRewrap(sealed: Buffer): boolean {
    return !keyIdOf(sealed).equals(this.#keys[0].id);
  }

  /** The same value with its data key wrapped by the current master key; the content itself is neither read nor changed. */
  rewrap(place: SecretPlace, sealed: Buffer): Buffer {
    const { dataKey, body } = this.#unwrap(place, sealed);
    return Buffer.concat([this.#wrap(place, dataKey), body]);
  }

  #wrap(place: SecretPlace, dataKey: Buffer): Buffer {
    const { id, key } = this.#keys[0];
    return Buffer.concat([Buffer.from([FORMAT]), id, encrypt(key, dataKey, aad(place, id))]);
  }

  #unwrap(place: SecretPlace, sealed: Buffer): { dataKey: Buffer; body: Buffer } {
    const id = keyIdOf(sealed);
    const master = this.#keys.find((candidate) => candidate.id.equals(id));
    if (master === undefined) {
      throw new SecretError(`a value was sealed under master key ${id.toString('hex')}, which is not in the key file`);
    }
    const start = 1 + KEY_ID_BYTES;
    const wrapped = sealed.subarray(start, start + WRAPPED_KEY_BYTES);
    return { dataKey: decrypt(master.key, wrapped, aad(place, id)), body: sealed.subarray(start + WRAPPED_KEY_BYTES) };
  }
}

/** What keys are derived for: bodies of entities and of links, contents in logs, keyed hashes, fingerprints of programs, results of Validate, calls to edge workers. */
export type KeyPurpose = 'entity-body' | 'link-body' | 'log-content' | 'hash' | 'fingerprint' | 'validation' | 'edge';

/**
 * Keys of the installation, derived by HKDF-SHA-256 (RFC 5869) from its root key. The root key is random and stored sealed, so that
 * bodies and hashes stay valid when the master key is rotated.
 */
export class InstallationKeys {
  readonly #rootKey: Buffer;
  readonly #salt: Buffer;

  /** @param installationId public id of the installation; part of every derivation. */
  constructor(rootKey: Buffer, installationId: string) {
    this.#rootKey = rootKey;
    this.#salt = Buffer.from(installationId, 'utf8');
  }

  /** 32 bytes, always the same for one installation and purpose. */
  deriveKey(purpose: KeyPurpose): Buffer {
    return Buffer.from(hkdfSync('sha256', this.#rootKey, this.#salt, `muster/${purpose}/1`, KEY_BYTES));
  }
}

/**
 * Reads the master keys from a text file: one key of 32 bytes in base64 on each line, the current one first, `#` starts a comment.
 * With `create` a missing file is written with one random key and mode 0600; two processes that create it at once agree on one key.
 * Throws {@link SecretError} with the remedy when the file is missing or malformed.
 */
export async function loadKeyring(path: string, options: { readonly create: boolean }): Promise<Keyring> {
  if (options.create) await createMasterKeyFile(path);
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    throw new SecretError(`the master key file ${path} cannot be read; create it with 32 random bytes in base64`, {
      cause: error,
    });
  }
  const lines = text.split('\n').map((line) => line.replace(/#.*$/, '').trim());
  const [current, ...older] = lines.filter((line) => line !== '').map((line) => Buffer.from(line, 'base64'));
  if (current === undefined) throw new SecretError(`the master key file ${path} holds no key`);
  return new Keyring(current, older);
}

/** Written beside and linked into place: whoever sees the file sees a whole key, and an existing file is never replaced. */
async function createMasterKeyFile(path: string): Promise<void> {
  const draft = `${path}.${randomBytes(8).toString('hex')}`;
  const file = await open(draft, 'wx', 0o600);
  try {
    await file.writeFile(`${randomBytes(KEY_BYTES).toString('base64')}\n`);
    await file.sync();
    await link(draft, path);
  } catch (error) {
    if (errorCode(error) !== 'EEXIST') throw error;
  } finally {
    await file.close();
    await unlink(draft);
  }
}

function masterKey(key: Buffer): MasterKey {
  if (key.length !== KEY_BYTES) {
    throw new SecretError(`a master key must have ${KEY_BYTES} bytes in base64, this one has ${key.length}`);
  }
  return { key, id: createHmac('sha256', key).update('muster/master-key-id').digest().subarray(0, KEY_ID_BYTES) };
}

function keyIdOf(sealed: Buffer): Buffer {
  if (sealed[0] !== FORMAT || sealed.length < 1 + KEY_ID_BYTES + WRAPPED_KEY_BYTES + NONCE_BYTES + TAG_BYTES) {
    throw new SecretError('a sealed value has an unknown format');
  }
  return sealed.subarray(1, 1 + KEY_ID_BYTES);
}

/** The wrapping is bound to the key id as well; the content is not, because rotation must not touch it. */
function aad(place: SecretPlace, keyId?: Buffer): Buffer {
  return Buffer.from(JSON.stringify([place.systemId, place.propertyName, keyId?.toString('hex') ?? null]), 'utf8');
}

function encrypt(key: Buffer, clear: Buffer, associated: Buffer): Buffer {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(associated);
  return Buffer.concat([nonce, cipher.update(clear), cipher.final(), cipher.getAuthTag()]);
}

function decrypt(key: Buffer, sealed: Buffer, associated: Buffer): Buffer {
  const nonce = sealed.subarray(0, NONCE_BYTES);
  const tag = sealed.subarray(sealed.length - TAG_BYTES);
  const decipher = createDecipheriv('aes-256-gcm', key, nonce, { authTagLength: TAG_BYTES });
  decipher.setAAD(associated).setAuthTag(tag);
  try {
    return Buffer.concat([decipher.update(sealed.subarray(NONCE_BYTES, sealed.length - TAG_BYTES)), decipher.final()]);
  } catch (error) {
    throw new SecretError('a sealed value was changed, or belongs to another system or property', { cause: error });
  }
}
