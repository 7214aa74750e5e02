import { deflateRaw, inflateRaw } from 'node:zlib';
import type { ZlibOptions } from 'node:zlib';
import { promisify } from 'node:util';
import { z } from 'zod';
import { decrypt, encrypt } from './cipher.js';
import { deriveKeys, generateEdgeKey, KEY_BYTES, keyId, sharedSecret } from './keys.js';
import type { EdgeKeyPair } from './keys.js';

/** Of what is said; both sides have to speak the same. */
const VERSION = 2;
const PURPOSE = `muster edge call v${VERSION}`;
const KEY_ID_BYTES = 8;
const KEY_ID_AT = 1;
const HEAD_BYTES = KEY_ID_AT + KEY_ID_BYTES + KEY_BYTES;
/** A page is at most 5 MB and an entity 64 MB (CONN-CORE-26); what inflates beyond this is not ours. */
const MAX_MESSAGE_BYTES = 160 * 1024 * 1024;
const DEFLATE: ZlibOptions = { level: 1 };
const INFLATE: ZlibOptions = { maxOutputLength: MAX_MESSAGE_BYTES };
/** Conversations whose keys are kept: one for each system and job. */
const MAX_KNOWN = 1_000;

const deflate = promisify(deflateRaw);
const inflate = promisify(inflateRaw);

/** The keys of one conversation: calls go one way, answers the other. */
interface CallKeys {
  readonly call: Buffer;
  readonly answer: Buffer;
}

/**
 * Who may make a call that writes, and when. It is given right before the call is sent, and is good for nobody else and for no later time: whatever
 * becomes of the call on its way, or whoever has copied it.
 */
export interface CallPermit {
  /** One edge worker, as long as its process lives. */
  readonly worker: string;
  /** By the clock of that worker: no request that writes may begin from then on. */
  readonly beginByMs: number;
}

/** A call that was opened. */
export interface OpenedCall {
  readonly message: unknown;
  /** Undefined: there is none, or it was made for another call. */
  readonly permit: CallPermit | undefined;
  /** Seals the answer to this call and to no other one. */
  seal(answer: unknown): Promise<Buffer>;
}

/**
 * The side of the installation. Calls can be read by the holders of the location's private key only, and can only be made by this installation: a key of
 * the moment and both lasting keys go into the exchange (the pattern K of the Noise framework). Temporal and whoever reads its histories see
 * ciphertext (CONN-CORE-93).
 */
export class CallSealer {
  private readonly head: Buffer;
  private readonly keys: CallKeys;

  constructor(own: EdgeKeyPair, edgePublicKey: Buffer) {
    const moment = generateEdgeKey();
    this.head = Buffer.concat([Buffer.from([VERSION]), keyId(edgePublicKey), moment.publicKey]);
    const secrets = [sharedSecret(moment.privateKey, edgePublicKey), sharedSecret(own.privateKey, edgePublicKey)];
    this.keys = callKeys(secrets, [moment.publicKey, edgePublicKey, own.publicKey]);
  }

  /** @param id of the call; the answer is bound to it. */
  async seal(id: string, message: unknown): Promise<Buffer> {
    const sealed = encrypt(this.keys.call, await packed(message), Buffer.concat([this.head, Buffer.from(id)]));
    return Buffer.concat([this.head, sealed]);
  }

  /** Seals a permit for the call of this id. */
  permit(id: string, permit: CallPermit): string {
    const clear = Buffer.from(JSON.stringify(permit));
    return encrypt(this.keys.call, clear, permitPlace(this.head, id)).toString('base64url');
  }

  /** The answer to a call. Throws when it was altered, or belongs to another call. */
  async open(id: string, sealed: Buffer): Promise<unknown> {
    const clear = decrypt(this.keys.answer, sealed, Buffer.from(id));
    if (clear === undefined) throw new Error('an answer of an edge worker was altered, or belongs to another call');
    return unpacked(clear);
  }
}

/** Why a call was not opened: sealed for another key, not by the installation that this worker belongs to, or by a program of another version. */
export type Refusal = 'otherKey' | 'notOurs' | 'otherVersion';

/** The side of the edge worker. */
export class CallOpener {
  private readonly known = new Map<string, CallKeys>();

  constructor(
    private readonly own: EdgeKeyPair,
    private readonly centralPublicKey: Buffer,
  ) {}

  async open(id: string, sealed: Buffer, permit?: string): Promise<OpenedCall | Refusal> {
    const head = sealed.subarray(0, HEAD_BYTES);
    if (head.length < HEAD_BYTES) return 'notOurs';
    if (head[0] !== VERSION) return 'otherVersion';
    const forKey = head.subarray(KEY_ID_AT, KEY_ID_AT + KEY_ID_BYTES);
    if (!forKey.equals(keyId(this.own.publicKey))) return 'otherKey';
    const keys = this.keysOf(head.subarray(KEY_ID_AT + KEY_ID_BYTES));
    const clear = keys && decrypt(keys.call, sealed.subarray(HEAD_BYTES), Buffer.concat([head, Buffer.from(id)]));
    if (keys === undefined || clear === undefined) return 'notOurs';
    return {
      message: await unpacked(clear),
      permit: permit === undefined ? undefined : openedPermit(keys, permit, permitPlace(head, id)),
      seal: async (answer) => encrypt(keys.answer, await packed(answer), Buffer.from(id)),
    };
  }

  private keysOf(moment: Buffer): CallKeys | undefined {
    const name = moment.toString('base64');
    const known = this.known.get(name);
    if (known !== undefined) return known;
    let keys: CallKeys;
    try {
      const secrets = [
        sharedSecret(this.own.privateKey, moment),
        sharedSecret(this.own.privateKey, this.centralPublicKey),
      ];
      keys = callKeys(secrets, [moment, this.own.publicKey, this.centralPublicKey]);
    } catch {
      return undefined;
    }
    this.known.set(name, keys);
    const [oldest] = this.known.keys();
    if (oldest !== undefined && this.known.size > MAX_KNOWN) this.known.delete(oldest);
    return keys;
  }
}

const permitSchema = z.object({ worker: z.string(), beginByMs: z.number() });

function openedPermit(keys: CallKeys, sealed: string, place: Buffer): CallPermit | undefined {
  const clear = decrypt(keys.call, Buffer.from(sealed, 'base64url'), place);
  return clear && permitSchema.parse(JSON.parse(clear.toString('utf8')));
}

/** Another place than that of the call itself, whose id has no such beginning. */
function permitPlace(head: Buffer, id: string): Buffer {
  return Buffer.concat([head, Buffer.from(`permit ${id}`)]);
}

function callKeys(secrets: readonly Buffer[], publics: readonly Buffer[]): CallKeys {
  const [call = Buffer.alloc(0), answer = Buffer.alloc(0)] = deriveKeys(secrets, publics, PURPOSE, 2);
  return { call, answer };
}

function packed(message: unknown): Promise<Buffer> {
  return deflate(JSON.stringify(message), DEFLATE);
}

async function unpacked(clear: Buffer): Promise<unknown> {
  return JSON.parse((await inflate(clear, INFLATE)).toString('utf8'));
}
