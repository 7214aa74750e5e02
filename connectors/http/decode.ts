import { isUtf8 } from 'node:buffer';
import { promisify } from 'node:util';
import { brotliDecompress, gunzip, inflate } from 'node:zlib';
import { errorCode, type ExchangeResult } from './exchange.js';

/** The bytes of an answer cannot become text. */
export class UndecodableError extends Error {
  constructor(
    readonly problem: 'encoding' | 'text' | 'size',
    message: string,
  ) {
    super(message);
  }
}

const inflaters = {
  gzip: promisify(gunzip),
  'x-gzip': promisify(gunzip),
  deflate: promisify(inflate),
  br: promisify(brotliDecompress),
} as const;

/** We ask for no compression, yet some gateways compress: decoded with the same byte cap against bombs. */
export function decode(result: ExchangeResult, maxBytes: number): string | Promise<string> {
  const encoding = result.headers['content-encoding'];
  if (result.body.length === 0) return '';
  if (encoding === undefined || encoding === 'identity') return textOf(result.body);
  return inflated(result.body, String(encoding).toLowerCase(), maxBytes);
}

async function inflated(body: Buffer, encoding: string, maxBytes: number): Promise<string> {
  if (!isKnownEncoding(encoding)) throw new UndecodableError('encoding', 'the answer has an unknown content encoding');
  try {
    return textOf(await inflaters[encoding](body, { maxOutputLength: maxBytes }));
  } catch (error) {
    if (error instanceof UndecodableError) throw error;
    if (errorCode(error) === 'ERR_BUFFER_TOO_LARGE')
      throw new UndecodableError('size', 'the decompressed answer exceeds the size limit');
    throw new UndecodableError('encoding', 'the answer cannot be decompressed');
  }
}

function isKnownEncoding(encoding: string): encoding is keyof typeof inflaters {
  return Object.hasOwn(inflaters, encoding);
}

function textOf(body: Buffer): string {
  // A decoder that replaces bad bytes would change names without anybody noticing.
  if (!isUtf8(body)) throw new UndecodableError('text', 'the answer is not valid UTF-8');
  const hasMark = body[0] === 0xef && body[1] === 0xbb && body[2] === 0xbf;
  return body.toString('utf8', hasMark ? 3 : 0);
}
