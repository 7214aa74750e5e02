import { Context } from '@temporalio/activity';
import { ApplicationFailure } from '@temporalio/common';
import type { EdgeActivities } from '../../activities/contract.js';
import type { EdgeServer } from '../../connectors/edge/edge-server.js';
import { isWrite } from '../../connectors/edge/messages.js';
import type { EdgeOperation } from '../../connectors/edge/messages.js';
import { frameBytes, messagesOf, parseRequest, partsOf } from '../../runtime/edge/frames.js';
import type { AnswerHead, Frame, RequestHead } from '../../runtime/edge/frames.js';
import { PartStore } from '../../runtime/edge/part-store.js';
import type { CallOpener, OpenedCall } from '../../runtime/edge/sealed-calls.js';
import { SignOfLife } from './sign-of-life.js';
import type { Beat } from './sign-of-life.js';

/** What the activity stands on. */
export interface EdgeActivityDependencies {
  readonly server: EdgeServer;
  readonly opener: CallOpener;
  /** Name of this worker in the name of its own queue. */
  readonly worker: string;
  /** A beat of the running activity. */
  readonly beat: Beat;
  readonly nowMs: () => number;
  /** Absent outside of tests: told when a call is about to be made, and when it is done. */
  readonly reached?: ((point: 'calling' | 'called', operation: string) => void | Promise<void>) | undefined;
}

/** The one activity of an edge worker: takes frames apart, opens what is sealed, makes the call, seals the answer. */
export function createEdgeActivity(deps: EdgeActivityDependencies): EdgeActivities {
  const { worker } = deps;
  const calls = new PartStore(deps.nowMs);
  const answers = new PartStore(deps.nowMs);
  const answer = (head: AnswerHead, body?: Buffer): Uint8Array => frameBytes(head, body);

  const serve = async (batch: string, heads: readonly CallHead[], bytes: Buffer): Promise<Uint8Array> => {
    const sealed = messagesOf(
      bytes,
      heads.map(({ size }) => size),
    );
    if (sealed === undefined)
      throw ApplicationFailure.nonRetryable('the sizes of the calls do not fit', 'otherVersion');
    // All of them are opened before the first is made: a refusal says that nothing was done.
    const opened = await Promise.all(heads.map((head, index) => openedCall(deps.opener, head, sealed[index])));
    const sealedAnswers = await made(deps, opened);
    const sizes = sealedAnswers.map(({ length }) => length);
    const whole = Buffer.concat(sealedAnswers);
    const parts = partsOf(whole);
    if (parts.length === 1) return answer({ kind: 'answers', worker, sizes }, whole);
    for (const [part, body] of parts.entries()) answers.put(batch, part, body);
    return answer({ kind: 'answersInParts', worker, sizes, parts: parts.length });
  };

  return {
    edgeCall: async (frame) => {
      const { head, body } = requestOf(frame);
      switch (head.kind) {
        case 'calls':
          return serve(head.batch, head.calls, body);
        case 'put':
          calls.put(head.batch, head.part, body);
          return answer({ kind: 'part', worker });
        case 'callsOfParts': {
          const bytes = calls.take(head.batch, head.parts);
          return bytes === undefined ? answer({ kind: 'gone', worker }) : serve(head.batch, head.calls, bytes);
        }
        case 'fetch': {
          const part = answers.part(head.batch, head.part);
          return part === undefined ? answer({ kind: 'gone', worker }) : answer({ kind: 'part', worker }, part);
        }
      }
    },
  };
}

interface CallHead {
  readonly id: string;
  readonly size: number;
  readonly permit?: string | undefined;
}

type IdentifiedCall = OpenedCall & { readonly id: string };

/** Nothing that is sealed is in what is not understood, so nothing is done. */
function requestOf(frame: Uint8Array): Frame<RequestHead> {
  try {
    return parseRequest(frame);
  } catch {
    throw ApplicationFailure.nonRetryable('the call is none that this program knows', 'otherVersion');
  }
}

async function openedCall(
  opener: CallOpener,
  { id, permit }: CallHead,
  sealed: Buffer | undefined,
): Promise<IdentifiedCall> {
  const call = sealed === undefined ? 'notOurs' : await opener.open(id, sealed, permit);
  if (typeof call === 'string') throw ApplicationFailure.nonRetryable('the call cannot be opened', call);
  return { ...call, id };
}

/** Makes the calls, all at the same time, and seals their answers. */
async function made(deps: EdgeActivityDependencies, calls: readonly IdentifiedCall[]): Promise<Buffer[]> {
  const context = Context.current();
  const life = new SignOfLife(deps.beat, deps.nowMs);
  const stop = AbortSignal.any([life.signal, context.cancellationSignal]);
  const watch = {
    signal: stop,
    mayBegin: () => life.mayBegin(),
    isEnding: () => !life.signal.aborted && context.cancellationDetails?.workerShutdown === true,
  };
  life.goOn();
  // The SDK, too, gives up what does not beat.
  const timer = setInterval(() => context.heartbeat(), 1_000);
  try {
    // Only now it is known that the call still counts.
    if (calls.some(({ message }) => isWrite(operationOf(message)))) await life.first();
    const making = calls.map(async ({ id, message, permit, ...call }) => {
      await deps.reached?.('calling', operationOf(message));
      const answer = await deps.server.serve(id, message, { ...watch, permit });
      await deps.reached?.('called', operationOf(message));
      return call.seal(answer);
    });
    // Where one fails, nobody may take the others for ended before they are.
    await Promise.allSettled(making);
    return await Promise.all(making);
  } finally {
    clearInterval(timer);
    life.end();
  }
}

function operationOf(message: unknown): EdgeOperation {
  const operation: unknown =
    typeof message === 'object' && message !== null ? Reflect.get(message, 'operation') : undefined;
  return typeof operation === 'string' ? (operation as EdgeOperation) : 'close';
}
