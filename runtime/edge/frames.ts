import { z } from 'zod';

/** Bytes of a frame's body at most. Temporal refuses payloads of 2 MB (`limit.blobSize.error`), and a history holds each frame twice. */
export const PART_BYTES = 900 * 1024;

const HEAD_LENGTH_BYTES = 4;
const MAX_PARTS = 1_000;
const count = z.number().int().min(1).max(MAX_PARTS);
const index = z.number().int().min(0).max(MAX_PARTS);
const size = z.number().int().min(1);
/** Calls that go together, in the order of their bytes; with their permits, which are sealed too. */
const calls = z.array(z.object({ id: z.uuid(), size, permit: z.string().optional() })).min(1);

const requestHead = z.discriminatedUnion('kind', [
  /** Sealed calls, one behind the other. */
  z.object({ kind: z.literal('calls'), batch: z.uuid(), calls }),
  /** The same, whose bytes have been put before. */
  z.object({ kind: z.literal('callsOfParts'), batch: z.uuid(), calls, parts: count }),
  /** A part of large calls. */
  z.object({ kind: z.literal('put'), batch: z.uuid(), part: index }),
  /** Asks for a part of large answers. */
  z.object({ kind: z.literal('fetch'), batch: z.uuid(), part: index }),
]);

const answerHead = z.discriminatedUnion('kind', [
  /** Sealed answers, one behind the other, in the order of the calls. */
  z.object({ kind: z.literal('answers'), worker: z.string(), sizes: z.array(size) }),
  /** They are large: their parts are to be fetched from this worker. */
  z.object({ kind: z.literal('answersInParts'), worker: z.string(), sizes: z.array(size), parts: count }),
  /** A part that was asked for, or nothing where one was put. */
  z.object({ kind: z.literal('part'), worker: z.string() }),
  /** The worker does not have (all of) the parts: it was started anew, or too much time has passed. */
  z.object({ kind: z.literal('gone'), worker: z.string() }),
]);

/** What is asked of an edge worker, outside of everything that is sealed. */
export type RequestHead = z.infer<typeof requestHead>;
/** What it answers; `worker` leads to its own queue. */
export type AnswerHead = z.infer<typeof answerHead>;

/** A head and the bytes that belong to it. */
export interface Frame<Head> {
  readonly head: Head;
  readonly body: Buffer;
}

/** The bytes of a frame. */
export function frameBytes(head: RequestHead | AnswerHead, body: Buffer = Buffer.alloc(0)): Buffer {
  const text = Buffer.from(JSON.stringify(head));
  const length = Buffer.alloc(HEAD_LENGTH_BYTES);
  length.writeUInt32BE(text.length);
  return Buffer.concat([length, text, body]);
}

/** Throws for bytes that are no request. */
export function parseRequest(bytes: Uint8Array): Frame<RequestHead> {
  const { text, body } = split(bytes);
  return { head: requestHead.parse(JSON.parse(text)), body };
}

/** Undefined for bytes that are no answer: no edge worker has made them. */
export function parseAnswer(bytes: Uint8Array): Frame<AnswerHead> | undefined {
  try {
    const { text, body } = split(bytes);
    return { head: answerHead.parse(JSON.parse(text)), body };
  } catch {
    return undefined;
  }
}

/** A message in parts that fit into frames. */
export function partsOf(message: Buffer): Buffer[] {
  const parts = Math.max(1, Math.ceil(message.length / PART_BYTES));
  return Array.from({ length: parts }, (_, part) => message.subarray(part * PART_BYTES, (part + 1) * PART_BYTES));
}

/** Messages that stand one behind the other; undefined when they do not fill the bytes. */
export function messagesOf(bytes: Buffer, sizes: readonly number[]): Buffer[] | undefined {
  let end = 0;
  const messages = sizes.map((one) => bytes.subarray(end, (end += one)));
  return end === bytes.length ? messages : undefined;
}

function split(bytes: Uint8Array): { readonly text: string; readonly body: Buffer } {
  const frame = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (frame.length < HEAD_LENGTH_BYTES) throw new RangeError('the frame is too short');
  const end = HEAD_LENGTH_BYTES + frame.readUInt32BE();
  return { text: frame.subarray(HEAD_LENGTH_BYTES, end).toString('utf8'), body: frame.subarray(end) };
}
