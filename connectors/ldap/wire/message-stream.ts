import { BerError, headAt } from './ber.js';

const SEQUENCE = 0x30;

/** Cuts what comes over a connection into whole messages (RFC 4511 §4.1.1). */
export class MessageStream {
  private chunks: Buffer[] = [];
  private length = 0;
  /** Bytes that the message at the front needs; known as soon as its head has come. */
  private needed = 0;

  /** Takes bytes and gives the messages that they complete. Throws {@link BerError} for what is no message. */
  take(data: Buffer): Buffer[] {
    this.chunks.push(data);
    this.length += data.length;
    // A message of many megabytes comes in a thousand parts, which are put together once.
    if (this.length < this.needed) return [];
    const bytes = this.chunks.length === 1 ? data : Buffer.concat(this.chunks, this.length);
    const messages: Buffer[] = [];
    let at = 0;
    let head = headAt(bytes, at, bytes.length);
    for (; head !== undefined; head = headAt(bytes, at, bytes.length)) {
      if (head.tag !== SEQUENCE) throw new BerError('what came is no message');
      if (head.end > bytes.length) break;
      messages.push(bytes.subarray(at, head.end));
      at = head.end;
    }
    const rest = bytes.subarray(at);
    this.chunks = rest.length === 0 ? [] : [rest];
    this.length = rest.length;
    this.needed = head === undefined ? 0 : head.end - at;
    return messages;
  }
}
