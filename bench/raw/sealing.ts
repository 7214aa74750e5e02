import { createCipheriv, createHmac, randomBytes } from 'node:crypto';
import { deflateRawSync } from 'node:zlib';
import { canonicalJson } from '../../core/canonical-json.js';
import type { JsonObject } from '../../core/json.js';

const DEFLATE = { level: 1, windowBits: 11, memLevel: 4, chunkSize: 1024 };

/** Hashes and bodies as the engine makes them, written down a second time so that R1 shares nothing with it. */
export class Sealing {
  readonly #key = randomBytes(32);

  /** Of an entity as delivered. */
  nativeHash(body: JsonObject): Buffer {
    return this.#hash(JSON.stringify(body));
  }

  canonicalHash(body: JsonObject): Buffer {
    return this.#hash(canonicalJson(body));
  }

  /** Deflated, then AES-256-GCM bound to a place. */
  seal(document: JsonObject, place: string): Buffer {
    const nonce = randomBytes(12);
    const cipher = createCipheriv('aes-256-gcm', this.#key, nonce).setAAD(Buffer.from(place));
    const clear = deflateRawSync(JSON.stringify(document), DEFLATE);
    return Buffer.concat([nonce, cipher.update(clear), cipher.final(), cipher.getAuthTag()]);
  }

  #hash(text: string): Buffer {
    return createHmac('sha256', this.#key).update(text).digest().subarray(0, 16);
  }
}
