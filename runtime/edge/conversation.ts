import { randomUUID } from 'node:crypto';
import type { EdgeCall, EdgeCallEnd, EdgeCalls, EdgeChannel, NoAnswer } from './channel.js';
import { publicKeyText } from './keys.js';
import type { EdgeKeyPair } from './keys.js';
import { CallSealer } from './sealed-calls.js';
import type { CallPermit } from './sealed-calls.js';

/** A call before it is sealed. */
export interface ClearCall extends Pick<EdgeCall, 'mayWrite' | 'requestTimeoutMs' | 'beforeSend' | 'signal'> {
  readonly message: { readonly operation: string };
  readonly worker?: string | undefined;
  /** Asked right before it is sent, and before `beforeSend`. */
  readonly permit?: (() => CallPermit) | undefined;
}

/** How it ended: with the opened answer, or as the channel says. */
export type ClearEnd = { readonly kind: 'answered'; readonly answer: unknown; readonly worker: string } | NoAnswer;

/** What one connector says to the edge workers of its location, under keys of its own. */
export class EdgeConversation {
  /** As text, for messages. */
  readonly centralKey: string;
  private readonly sealer: CallSealer;
  private readonly calls: EdgeCalls;

  /** Throws EdgeKeyError for a key that cannot be used. */
  constructor(
    channel: EdgeChannel,
    readonly location: string,
    own: EdgeKeyPair,
    edgePublicKey: Buffer,
  ) {
    this.calls = channel.calls();
    this.sealer = new CallSealer(own, edgePublicKey);
    this.centralKey = publicKeyText(own.publicKey);
  }

  /** Rejects with what `beforeSend` throws. */
  async call({ message, worker, permit, ...call }: ClearCall): Promise<ClearEnd> {
    const id = randomUUID();
    const { location } = this;
    const sealed = await this.sealer.seal(id, message);
    const end: EdgeCallEnd = await this.calls.call({
      ...call,
      id,
      location,
      worker,
      sealed,
      permit: permit && (() => this.sealer.permit(id, permit())),
      summary: message.operation,
    });
    if (end.kind !== 'answered') return end;
    try {
      return { kind: 'answered', answer: await this.sealer.open(id, end.sealed), worker: end.worker };
    } catch {
      // Whoever answered was not our edge worker, or not about this call: what was done nobody knows.
      return { kind: call.mayWrite ? 'unknown' : 'notDone', reason: 'forged' };
    }
  }
}
