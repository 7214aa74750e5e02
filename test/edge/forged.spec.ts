import { randomUUID } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { EdgeCalls } from '../../runtime/edge/channel.js';
import { frameBytes, parseAnswer } from '../../runtime/edge/frames.js';
import type { AnswerHead } from '../../runtime/edge/frames.js';

const BODY = Buffer.from('sealed');

/** The end of one call to which this comes back. */
function endOf(mayWrite: boolean, head: AnswerHead, body: Buffer = BODY) {
  const calls = new EdgeCalls({ run: () => Promise.resolve({ kind: 'answered', frame: { head, body } }) });
  return calls.call({
    id: randomUUID(),
    location: 'plant',
    worker: undefined,
    summary: 'create',
    mayWrite,
    requestTimeoutMs: 1_000,
    sealed: BODY,
    signal: undefined,
  });
}

describe('answers that no edge worker has made', () => {
  const worker = 'w';
  it.each<[string, AnswerHead]>([
    ['that its parts are gone, though there were none', { kind: 'gone', worker }],
    ['a part that nobody asked for', { kind: 'part', worker }],
    ['sizes that do not fit', { kind: 'answers', worker, sizes: [1] }],
    ['more answers than calls', { kind: 'answers', worker, sizes: [2, 4] }],
  ])('CONN-CORE-53, CONN-CORE-93: %s: the outcome of a write is unknown, a read is not done', async (_what, head) => {
    expect(await endOf(true, head)).toEqual({ kind: 'unknown', reason: 'forged' });
    expect(await endOf(false, head)).toEqual({ kind: 'notDone', reason: 'forged' });
  });

  it('one that fits is taken', async () => {
    const end = await endOf(true, { kind: 'answers', worker, sizes: [BODY.length] });
    expect(end).toEqual({ kind: 'answered', sealed: BODY, worker });
  });

  it('bytes of something else are no answer', () => {
    expect(parseAnswer(Buffer.from('{}'))).toBeUndefined();
    expect(parseAnswer(Buffer.from('\0\0\0\u0002{}'))).toBeUndefined();
    expect(parseAnswer(frameBytes({ kind: 'gone', worker }))?.head).toEqual({ kind: 'gone', worker });
  });
});
