import { isSealedCredential, SEALED_PREFIX } from '../../core/edge/sealed-credential.js';
import { decrypt, encrypt } from './cipher.js';
import { deriveKeys, generateEdgeKey, KEY_BYTES, sharedSecret } from './keys.js';
import type { EdgeKeyPair } from './keys.js';

const PURPOSE = 'muster edge credential v1';

/**
 * A credential that only the holders of a location's private key can open, and only as the value of this property: stored with a system in place of its
 * clear text, it is nothing that the installation could use or tell.
 */
export function sealCredential(edgePublicKey: Buffer, propertyName: string, clearText: string): string {
  const moment = generateEdgeKey();
  const [key = Buffer.alloc(0)] = deriveKeys(
    [sharedSecret(moment.privateKey, edgePublicKey)],
    [moment.publicKey, edgePublicKey],
    PURPOSE,
  );
  const sealed = encrypt(key, Buffer.from(clearText, 'utf8'), Buffer.from(propertyName));
  return SEALED_PREFIX + Buffer.concat([moment.publicKey, sealed]).toString('base64url');
}

/** Opens what {@link sealCredential} made for the key of the location and this property; undefined for anything else. */
export function openCredential(own: EdgeKeyPair, propertyName: string, text: string): string | undefined {
  const bytes = Buffer.from(text.slice(SEALED_PREFIX.length), 'base64url');
  const moment = bytes.subarray(0, KEY_BYTES);
  if (!isSealedCredential(text) || moment.length < KEY_BYTES) return undefined;
  const [key = Buffer.alloc(0)] = deriveKeys([sharedSecret(own.privateKey, moment)], [moment, own.publicKey], PURPOSE);
  return decrypt(key, bytes.subarray(KEY_BYTES), Buffer.from(propertyName))?.toString('utf8');
}
