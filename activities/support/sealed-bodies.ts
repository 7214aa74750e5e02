import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { deflateRawSync, inflateRawSync } from 'node:zlib';
import { isJsonObject } from '../../core/json.js';
import type { JsonObject } from '../../core/json.js';

const NONCE_BYTES = 12;
const TAG_BYTES = 16;
/** Level 1 halves a person at a third of the cost of the default; a body is read far more rarely than written. */
const DEFLATE_LEVEL = 1;
/** A body that inflates beyond this is not ours (contract.md CONN-CORE-26: one entity is at most 64 MB). */
const MAX_BODY_BYTES = 80 * 1024 * 1024;

/** Stored documents: deflated, then AES-256-GCM, bound to the place they belong to (LNK-5). */
export interface BodySealer {
  seal(document: JsonObject, place: string): Buffer;
  /** Throws when the body was moved, altered or sealed under another key. */
  open(sealed: Buffer, place: string): JsonObject;
}

/** @param key 32 bytes, from `deriveKey` of the installation. */
export function createBodySealer(key: Buffer): BodySealer {
  return {
    seal: (document, place) => {
      const nonce = randomBytes(NONCE_BYTES);
      const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(Buffer.from(place));
      const clear = deflateRawSync(JSON.stringify(document), { level: DEFLATE_LEVEL });
      return Buffer.concat([nonce, cipher.update(clear), cipher.final(), cipher.getAuthTag()]);
    },
    open: (sealed, place) => {
      const decipher = createDecipheriv('aes-256-gcm', key, sealed.subarray(0, NONCE_BYTES));
      decipher.setAAD(Buffer.from(place)).setAuthTag(sealed.subarray(sealed.length - TAG_BYTES));
      const clear = Buffer.concat([
        decipher.update(sealed.subarray(NONCE_BYTES, sealed.length - TAG_BYTES)),
        decipher.final(),
      ]);
      const document: unknown = JSON.parse(inflateRawSync(clear, { maxOutputLength: MAX_BODY_BYTES }).toString('utf8'));
      if (!isJsonObject(document)) throw new Error('a stored body is not a JSON object');
      return document;
    },
  };
}

/** Place of the common JSON of an entity. */
export function entityPlace(sourceNo: number, type: number, sourceKey: string): string {
  return `entity/${sourceNo}/${type}/${sourceKey}`;
}

/** Place of the target JSON of a link. */
export function linkPlace(targetNo: number, entityNo: number): string {
  return `link/${targetNo}/${entityNo}`;
}
