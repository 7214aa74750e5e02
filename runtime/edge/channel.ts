import { randomUUID } from 'node:crypto';
import { unlessAborted } from '../../core/unless-aborted.js';
import { WORKFLOW_QUEUE } from '../../core/task-queues.js';
import type { TemporalConfig } from '../config.js';
import { Batches } from './batches.js';
import { CallWorkflows, callToolsOf } from './call-workflow.js';
import type { FrameRoute, NoAnswer } from './call-workflow.js';
import { frameBytes, messagesOf, PART_BYTES, partsOf } from './frames.js';
import type { AnswerHead, Frame } from './frames.js';

export type { NoAnswer } from './call-workflow.js';

/** One sealed call to the edge workers of a location. */
export interface EdgeCall extends FrameRoute {
  readonly id: string;
  readonly sealed: Buffer;
  /** Called right before it is sent, after all waiting; what it throws rejects the call, and it is not sent. */
  readonly beforeSend?: (() => void) | undefined;
  /** Called right before that: the sealed permit of a call that writes. What it throws does the same. */
  readonly permit?: (() => string) | undefined;
  readonly signal: AbortSignal | undefined;
}

/** How a call ended. */
export type EdgeCallEnd = { readonly kind: 'answered'; readonly sealed: Buffer; readonly worker: string } | NoAnswer;

type Item = EdgeCall & { readonly bytes: number };
/** An end, or what `beforeSend` threw. */
type ItemEnd = EdgeCallEnd | { readonly kind: 'refused'; readonly error: unknown };
/** A call that is let go, with its permit. */
type SentItem = Item & { readonly permitText: string | undefined };

/** Sealed answers to the calls of a frame, in their order. */
interface Answers {
  readonly worker: string;
  readonly answers: readonly Buffer[];
}

/** Writes that go together share their fate, so that there are not too many of them; and a slow one holds the answers of a few others up. */
const LIMITS = { lanes: 4, items: 64, bytes: PART_BYTES };
const STOPPED: NoAnswer = { kind: 'notDone', reason: 'cancelled' };

/** The way to edge workers. */
export class EdgeChannel {
  private readonly workflows: CallWorkflows;

  constructor(temporal: TemporalConfig, workflowQueue = WORKFLOW_QUEUE) {
    this.workflows = new CallWorkflows(callToolsOf(temporal), workflowQueue);
  }

  /** The calls of one connector. */
  calls(): EdgeCalls {
    return new EdgeCalls(this.workflows);
  }

  close(): Promise<void> {
    return this.workflows.close();
  }
}

/** Calls of one connector: writes that are made at the same time cross together. */
export class EdgeCalls {
  private readonly writes = new Batches<Item, ItemEnd>((items) => this.send(items), LIMITS);

  constructor(private readonly workflows: Pick<CallWorkflows, 'run'>) {}

  /** Rejects with what `beforeSend` throws, and for defects. */
  async call(call: EdgeCall): Promise<EdgeCallEnd> {
    if (call.signal?.aborted === true) return STOPPED;
    const item = { ...call, bytes: call.sealed.length };
    // A read takes as long as its page, so each crosses alone.
    const end = call.mayWrite ? this.writes.add(item) : this.send([item]).then(([only]) => only ?? STOPPED);
    // Nobody waits for what a read that was stopped would still bring.
    const first = await (call.mayWrite ? end : unlessAborted(end, call.signal, STOPPED));
    if (first.kind === 'refused') throw first.error;
    return first;
  }

  private async send(items: readonly Item[]): Promise<readonly ItemEnd[]> {
    const ends = new Map<string, ItemEnd>();
    const sent = items.flatMap((item): SentItem[] => {
      const end = beforeSending(item);
      if (!('kind' in end)) return [{ ...item, ...end }];
      ends.set(item.id, end);
      return [];
    });
    const [first] = sent;
    if (first !== undefined) {
      const { signal, done } = allAborted(sent);
      try {
        const answers = await this.exchange({ ...first, summary: summaryOf(sent) }, sent, signal);
        sent.forEach(({ id }, index) => ends.set(id, endAt(answers, index)));
      } finally {
        done();
      }
    }
    return items.map(({ id }) => ends.get(id) ?? STOPPED);
  }

  /** Sends the calls, in parts where they are large, and puts their answers together. */
  private async exchange(
    route: FrameRoute,
    calls: readonly SentItem[],
    signal: AbortSignal | undefined,
  ): Promise<NoAnswer | Answers> {
    const batch = randomUUID();
    const heads = calls.map(({ id, bytes, permitText: permit }) => ({ id, size: bytes, permit }));
    const bytes = Buffer.concat(calls.map(({ sealed }) => sealed));
    const parts = partsOf(bytes);
    let { worker } = route;
    for (const [part, body] of parts.length === 1 ? [] : parts.entries()) {
      const put = frameBytes({ kind: 'put', batch, part }, body);
      const end = await this.workflows.run({ ...route, worker, mayWrite: false }, put, signal);
      // Nothing of the calls themselves has begun.
      if (end.kind !== 'answered') return { kind: 'notDone', reason: end.reason };
      ({ worker } = end.frame.head);
    }
    const frame =
      parts.length === 1
        ? frameBytes({ kind: 'calls', batch, calls: heads }, bytes)
        : frameBytes({ kind: 'callsOfParts', batch, calls: heads, parts: parts.length });
    const end = await this.workflows.run({ ...route, worker }, frame, signal);
    if (end.kind !== 'answered') return end;
    return this.answersOf({ ...route, worker }, { batch, calls: calls.length, isInParts: parts.length > 1 }, end.frame);
  }

  /** What is no answer of a worker leaves open whether one has made the calls: whoever writes has to find out (CONN-CORE-53). */
  private async answersOf(
    route: FrameRoute,
    { batch, calls, isInParts }: { readonly batch: string; readonly calls: number; readonly isInParts: boolean },
    { head, body }: Frame<AnswerHead>,
  ): Promise<NoAnswer | Answers> {
    // The worker has lost parts of the calls, so none of them has begun.
    if (head.kind === 'gone' && isInParts) return { kind: 'notDone', reason: 'gone' };
    const forged: NoAnswer = { kind: route.mayWrite ? 'unknown' : 'notDone', reason: 'forged' };
    if (head.kind !== 'answers' && head.kind !== 'answersInParts') return forged;
    const { worker, sizes } = head;
    const whole = head.kind === 'answers' ? body : await this.fetch({ ...route, worker }, batch, head.parts);
    if (!Buffer.isBuffer(whole)) return whole;
    const answers = messagesOf(whole, sizes);
    return answers?.length === calls ? { worker, answers } : forged;
  }

  /** Answers that are there are worth having, stopped or not; without them nobody knows what was done. */
  private async fetch(route: FrameRoute, batch: string, parts: number): Promise<Buffer | NoAnswer> {
    const bodies: Buffer[] = [];
    for (let part = 0; part < parts; part += 1) {
      const frame = frameBytes({ kind: 'fetch', batch, part });
      const end = await this.workflows.run({ ...route, mayWrite: false }, frame, undefined);
      if (end.kind !== 'answered' || end.frame.head.kind !== 'part')
        return { kind: route.mayWrite ? 'unknown' : 'notDone', reason: 'silent' };
      bodies.push(end.frame.body);
    }
    return Buffer.concat(bodies);
  }
}

/** The end of a call that is not to be sent any more, or its permit. */
function beforeSending({ signal, beforeSend, permit }: Item): ItemEnd | Pick<SentItem, 'permitText'> {
  if (signal?.aborted === true) return STOPPED;
  try {
    // The permit reads its clock before the lease is looked at: a process that stands still in between makes none that outlives the lease.
    const permitText = permit?.();
    beforeSend?.();
    return { permitText };
  } catch (error) {
    return { kind: 'refused', error };
  }
}

function endAt(exchanged: NoAnswer | Answers, index: number): EdgeCallEnd {
  if ('reason' in exchanged) return exchanged;
  const sealed = exchanged.answers[index];
  if (sealed === undefined) throw new RangeError('a call of a batch has no answer');
  return { kind: 'answered', sealed, worker: exchanged.worker };
}

function summaryOf(calls: readonly EdgeCall[]): string {
  const [first] = calls;
  return calls.length === 1 ? (first?.summary ?? '') : `${calls.length} calls, ${first?.summary ?? ''} first`;
}

/** Aborted when nobody waits any more. */
function allAborted(calls: readonly EdgeCall[]): { readonly signal: AbortSignal; readonly done: () => void } {
  const together = new AbortController();
  const onAbort = (): void => {
    if (calls.every(({ signal }) => signal?.aborted === true)) together.abort();
  };
  for (const { signal } of calls) signal?.addEventListener('abort', onAbort);
  onAbort();
  return {
    signal: together.signal,
    done: () => {
      for (const { signal } of calls) signal?.removeEventListener('abort', onAbort);
    },
  };
}
