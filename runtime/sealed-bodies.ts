import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { deflateRawSync, inflateRawSync } from 'node:zlib';
import type { ZlibOptions } from 'node:zlib';
import { isJsonObject } from '../core/json.js';
import type { JsonObject } from '../core/json.js';

const NONCE_BYTES = 12;
const TAG_BYTES = 16;
/** Random numbers are drawn for so many nonces at once: a call for twelve bytes costs as much as the cipher. */
const NONCES_DRAWN = 512;
/** Level 1 halves a person at a third of the cost of the default; a body is read far more rarely than written. */
const DEFLATE: ZlibOptions = { level: 1 };
/** A person fits into a window of 2 KB, whose tables are made at half the cost of those of 32 KB. */
const DEFLATE_SMALL: ZlibOptions = { level: 1, windowBits: 11, memLevel: 4, chunkSize: 1024 };
const SMALL_CHARACTERS = 4096;
/** A body that inflates beyond this is not ours (contract.md CONN-CORE-26: one entity is at most 64 MB). */
const MAX_BODY_BYTES = 80 * 1024 * 1024;
const INFLATE: ZlibOptions = { maxOutputLength: MAX_BODY_BYTES, chunkSize: 4096 };

/** Stored documents: deflated, then AES-256-GCM, bound to the place they belong to (LNK-5). */
export interface BodySealer {
  seal(document: JsonObject, place: string): Buffer;
  /** Throws when the body was moved, altered or sealed under another key. */
  open(sealed: Buffer, place: string): JsonObject;
  /** Like `seal` for what is stored for a moment only: not deflated. */
  sealBriefly(document: JsonObject, place: string): Buffer;
  /** Opens what `sealBriefly` made. */
  openBrief(sealed: Buffer, place: string): JsonObject;
}

/** @param key 32 bytes, from `deriveKey` of the installation. */
export function createBodySealer(key: Buffer): BodySealer {
  const nonces = new NonceSource();
  const encrypt = (clear: Buffer, place: string): Buffer => {
    const nonce = nonces.next();
    const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(Buffer.from(place));
    return Buffer.concat([nonce, cipher.update(clear), cipher.final(), cipher.getAuthTag()]);
  };
  const decrypt = (sealed: Buffer, place: string): Buffer => {
    const decipher = createDecipheriv('aes-256-gcm', key, sealed.subarray(0, NONCE_BYTES));
    decipher.setAAD(Buffer.from(place)).setAuthTag(sealed.subarray(sealed.length - TAG_BYTES));
    const content = sealed.subarray(NONCE_BYTES, sealed.length - TAG_BYTES);
    return Buffer.concat([decipher.update(content), decipher.final()]);
  };
  return {
    seal: (document, place) => encrypt(deflated(JSON.stringify(document)), place),
    open: (sealed, place) => parsed(inflateRawSync(decrypt(sealed, place), INFLATE)),
    sealBriefly: (document, place) => encrypt(Buffer.from(JSON.stringify(document)), place),
    openBrief: (sealed, place) => parsed(decrypt(sealed, place)),
  };
}

function deflated(text: string): Buffer {
  return deflateRawSync(text, text.length <= SMALL_CHARACTERS ? DEFLATE_SMALL : DEFLATE);
}

function parsed(text: Buffer): JsonObject {
  const document: unknown = JSON.parse(text.toString('utf8'));
  if (!isJsonObject(document)) throw new Error('a stored body is not a JSON object');
  return document;
}

/** Random nonces, each given once. */
class NonceSource {
  private drawn = Buffer.alloc(0);
  private position = 0;

  next(): Buffer {
    if (this.position === this.drawn.length) {
      this.drawn = randomBytes(NONCE_BYTES * NONCES_DRAWN);
      this.position = 0;
    }
    const start = this.position;
    this.position += NONCE_BYTES;
    return this.drawn.subarray(start, this.position);
  }
}

/** Place of the common JSON of an entity. */
export function entityPlace(sourceNo: number, type: number, sourceKey: string): string {
  return `entity/${sourceNo}/${type}/${sourceKey}`;
}

/** Place of the target JSON of a link; `part`: of which of several target entities (LNK-3). */
export function linkPlace(targetNo: number, entityNo: number, part: string | null = null): string {
  const place = `link/${targetNo}/${entityNo}`;
  return part === null ? place : `${place}/${JSON.stringify(part)}`;
}

/** Place of a content that a job has recorded: with results of another kind, or in another job or system, it does not open. */
export function contentPlace(runKey: string, systemNo: number, type: number, result: string): string {
  return `content/${runKey}/${systemNo}/${type}/${result}`;
}
