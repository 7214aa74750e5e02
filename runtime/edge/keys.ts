import {
  createHash,
  createPrivateKey,
  createPublicKey,
  diffieHellman,
  generateKeyPairSync,
  hkdfSync,
} from 'node:crypto';
import type { KeyObject } from 'node:crypto';

/** Bytes of a public key, and of everything that is derived (X25519, RFC 7748). */
export const KEY_BYTES = 32;
/** What stands before a raw private key in PKCS #8 (RFC 8410 §7). */
const PKCS8_PREFIX = Buffer.from('302e020100300506032b656e04220420', 'hex');
/** What stands before a raw public key in SubjectPublicKeyInfo (RFC 8410 §4). */
const SPKI_PREFIX = Buffer.from('302a300506032b656e032100', 'hex');
const ID_BYTES = 8;

/** A key that cannot be used; the message says what is wrong with it. */
export class EdgeKeyError extends Error {
  override readonly name = 'EdgeKeyError';
}

/** One half of what an installation and the edge workers of a location know each other by. */
export interface EdgeKeyPair {
  readonly privateKey: KeyObject;
  /** Raw, 32 bytes. */
  readonly publicKey: Buffer;
}

/** A new pair. */
export function generateEdgeKey(): EdgeKeyPair {
  return pairOf(generateKeyPairSync('x25519').privateKey);
}

/** The pair of 32 secret bytes. */
export function edgeKeyFromSeed(seed: Buffer): EdgeKeyPair {
  return pairOf(createPrivateKey({ key: Buffer.concat([PKCS8_PREFIX, seed]), format: 'der', type: 'pkcs8' }));
}

/** The pair in the PEM text of a key file. Throws {@link EdgeKeyError}. */
export function edgeKeyFromPem(pem: string): EdgeKeyPair {
  let privateKey: KeyObject;
  try {
    privateKey = createPrivateKey(pem);
  } catch (error) {
    throw new EdgeKeyError('it holds no private key in PEM', { cause: error });
  }
  if (privateKey.asymmetricKeyType !== 'x25519') throw new EdgeKeyError('it holds a key of another kind than X25519');
  return pairOf(privateKey);
}

/** PKCS #8 in PEM, for a file that nobody else can read. */
export function edgeKeyToPem({ privateKey }: EdgeKeyPair): string {
  return String(privateKey.export({ type: 'pkcs8', format: 'pem' }));
}

/** A public key as people pass it on. */
export function publicKeyText(publicKey: Buffer): string {
  return publicKey.toString('base64url');
}

/** What {@link isPublicKey} demands, for messages. */
export const PUBLIC_KEY_RULE = 'it is no public key: 43 letters, digits, - and _, as "muster edge key" shows it';

/** True for what {@link publicKeyText} makes. */
export function isPublicKey(text: string): boolean {
  const key = Buffer.from(text.trim(), 'base64url');
  return key.length === KEY_BYTES && key.toString('base64url') === text.trim().replace(/=+$/, '');
}

/** The key of {@link publicKeyText}. Throws {@link EdgeKeyError} for anything else. */
export function parsePublicKey(text: string): Buffer {
  if (!isPublicKey(text)) throw new EdgeKeyError(PUBLIC_KEY_RULE);
  return Buffer.from(text.trim(), 'base64url');
}

/** What tells one public key from others in the head of a message. */
export function keyId(publicKey: Buffer): Buffer {
  return createHash('sha256').update(publicKey).digest().subarray(0, ID_BYTES);
}

/** What both sides of a key exchange know. Throws {@link EdgeKeyError} for a public key that gives nothing secret. */
export function sharedSecret(privateKey: KeyObject, publicKey: Buffer): Buffer {
  try {
    const peer = createPublicKey({ key: Buffer.concat([SPKI_PREFIX, publicKey]), format: 'der', type: 'spki' });
    return diffieHellman({ privateKey, publicKey: peer });
  } catch (error) {
    throw new EdgeKeyError('the public key cannot be used', { cause: error });
  }
}

/** Keys made of shared secrets, bound to the public keys of the exchange (HKDF with SHA-256, RFC 5869). */
export function deriveKeys(
  secrets: readonly Buffer[],
  publics: readonly Buffer[],
  purpose: string,
  count = 1,
): Buffer[] {
  const bytes = Buffer.from(
    hkdfSync('sha256', Buffer.concat(secrets), Buffer.concat(publics), Buffer.from(purpose), count * KEY_BYTES),
  );
  return Array.from({ length: count }, (_, index) => bytes.subarray(index * KEY_BYTES, (index + 1) * KEY_BYTES));
}

function pairOf(privateKey: KeyObject): EdgeKeyPair {
  const der = createPublicKey(privateKey).export({ type: 'spki', format: 'der' });
  return { privateKey, publicKey: der.subarray(der.length - KEY_BYTES) };
}
