import type { Socket } from 'node:net';
import { performance } from 'node:perf_hooks';
import {
  AbandonRequest,
  MessageParser,
  SearchReference,
  UnbindRequest,
  type Control,
  type AddRequest,
  type SearchResponse,
} from 'ldapts';
import type { Entry } from '../entry.js';
import { AttributeNames } from './attribute-names.js';
import { BerError, elementAt } from './ber.js';
import { MessageStream } from './message-stream.js';
import { ReceivedEntry } from './received-entry.js';
import { ResultError, WireError } from './wire-error.js';

/** Any request of the protocol; the session sets its number. */
type Message = Pick<AddRequest, 'messageId' | 'write'>;
/** The end of any answer. */
type Response = Pick<SearchResponse, 'status' | 'errorMessage' | 'matchedDN' | 'controls'>;

/** Limits of a session. */
export interface SessionLimits {
  /** For one answer, from the request to its last byte. */
  readonly operationTimeoutMs: number;
  /** A write that is under way when the caller gives up may still be answered for this long, because its outcome is worth knowing. */
  readonly writeCancelGraceMs: number;
  /** All bytes of one answer; a server that sends more is cut off. */
  readonly maxAnswerBytes: number;
}

/** How one request is treated. */
export interface SendOptions {
  readonly signal?: AbortSignal | undefined;
  /** May change the directory: it is not cut off at once when the caller gives up. */
  readonly write?: boolean;
}

/** The entries of one search answer with the response controls of its end. */
export interface SearchAnswer {
  readonly entries: readonly Entry[];
  /** Addresses of search continuations: references are never followed. */
  readonly references: readonly string[];
  readonly controls: readonly Control[];
  readonly code: number;
  /** All of the answer as it came. */
  readonly bytes: number;
}

interface Pending {
  readonly entries: Entry[];
  readonly references: string[];
  bytes: number;
  readonly answered: (response: Response) => void;
  readonly failed: (error: WireError) => void;
}

/** The parser can be told what was asked; it needs that for controls that are not used here. */
const NO_DETAILS: Parameters<MessageParser['read']>[1] = new Map();
const MAX_MESSAGE_ID = 2 ** 31 - 1;
const INTEGER = 0x02;
/** SearchResultEntry, `[APPLICATION 4]`. */
const SEARCH_ENTRY = 0x64;

/**
 * One authenticated conversation over one socket. It never reconnects: what was agreed on a connection (encryption, identity, paging
 * cookies) ends with it, and whoever holds a session that is closed opens another one. Messages are encoded and decoded by ldapts, but for the entries of
 * searches (ADR 0056).
 */
export class LdapSession {
  private readonly stream = new MessageStream();
  private readonly names = new AttributeNames();
  private readonly parser = new MessageParser();
  private readonly pending = new Map<string, Pending>();
  private nextId = 1;
  private answerBytes = 0;
  private closedBy: WireError | undefined;
  /** By the monotonic clock; servers drop connections that rest too long. */
  lastUsedMs = performance.now();

  constructor(
    private socket: Socket,
    private readonly limits: SessionLimits,
    /** The conversation cannot be read by others: by TLS, whichever way it came about. */
    public isEncrypted: boolean,
  ) {
    this.parser.on('message', (message) => this.received(message.messageId, message));
    // Thrown where the message was given to it.
    this.parser.on('error', (error) => {
      throw error;
    });
    this.attach(socket);
  }

  get isOpen(): boolean {
    return this.closedBy === undefined;
  }

  /** Replaces the socket by its encrypted form (StartTLS); nothing may be under way. */
  encrypted(socket: Socket): void {
    this.socket = socket;
    this.isEncrypted = true;
    this.attach(socket);
  }

  /** The bare socket for a TLS handshake; from now on its bytes are no messages. */
  detach(): Socket {
    this.socket.removeAllListeners('data');
    return this.socket;
  }

  /** Sends a request and gives the response of success; throws {@link ResultError} or {@link WireError}. */
  async request(message: Message, options: SendOptions = {}): Promise<Response> {
    const { response } = await this.exchange(message, options);
    if (response.status !== 0) throw new ResultError(response.status, response.errorMessage, response.matchedDN);
    return response;
  }

  /** A search; result codes in `accept` are returned with what came before them, others throw {@link ResultError}. */
  async search(message: Message, options: SendOptions = {}, accept: readonly number[] = []): Promise<SearchAnswer> {
    const { response, pending } = await this.exchange(message, options);
    const { status, controls = [] } = response;
    if (status !== 0 && !accept.includes(status))
      throw new ResultError(status, response.errorMessage, response.matchedDN);
    return { entries: pending.entries, references: pending.references, controls, code: status, bytes: pending.bytes };
  }

  /** Says goodbye and closes. Never throws. */
  close(): void {
    if (this.isOpen) this.socket.write(new UnbindRequest({ messageId: this.takeId() }).write(), () => undefined);
    this.fail(new WireError('closed', true));
  }

  private exchange(message: Message, options: SendOptions): Promise<{ response: Response; pending: Pending }> {
    if (this.closedBy !== undefined) return Promise.reject(new WireError('closed', false, this.closedBy.code));
    if (options.signal?.aborted === true) return Promise.reject(new WireError('cancelled', false));
    message.messageId = this.takeId();
    this.lastUsedMs = performance.now();
    return new Promise((resolve, reject) => {
      const key = String(message.messageId);
      const timers = new Set<NodeJS.Timeout>();
      const end = (): void => {
        this.pending.delete(key);
        for (const timer of timers) clearTimeout(timer);
        options.signal?.removeEventListener('abort', cancelled);
        this.lastUsedMs = performance.now();
      };
      const failed = (error: WireError): void => {
        end();
        reject(error);
      };
      const pending: Pending = {
        entries: [],
        references: [],
        bytes: 0,
        failed,
        answered: (response) => {
          end();
          resolve({ response, pending });
        },
      };
      const giveUp = (): void => {
        this.abandon(message.messageId);
        failed(new WireError('cancelled', true));
      };
      const cancelled = (): void => {
        if (options.write === true) timers.add(setTimeout(giveUp, this.limits.writeCancelGraceMs));
        else giveUp();
      };
      options.signal?.addEventListener('abort', cancelled);
      // An answer that comes too late may be any answer: the conversation is over.
      timers.add(setTimeout(() => this.fail(new WireError('timeout', true)), this.limits.operationTimeoutMs));
      this.pending.set(key, pending);
      this.socket.write(message.write());
    });
  }

  private takeId(): number {
    this.nextId = this.nextId >= MAX_MESSAGE_ID ? 1 : this.nextId + 1;
    return this.nextId;
  }

  private abandon(id: number): void {
    if (this.isOpen) this.socket.write(new AbandonRequest({ messageId: this.takeId(), abandonId: id }).write());
  }

  private attach(socket: Socket): void {
    socket.on('data', (data: Buffer) => this.read(data));
    socket.on('error', (error: NodeJS.ErrnoException) => this.fail(new WireError('closed', true, error.code)));
    socket.on('close', () => this.fail(new WireError('closed', true)));
    socket.on('end', () => this.fail(new WireError('closed', true)));
  }

  private read(data: Buffer): void {
    if (!this.isOpen) return;
    this.answerBytes += data.length;
    if (this.answerBytes > this.limits.maxAnswerBytes) return this.fail(new WireError('size', true));
    try {
      for (const message of this.stream.take(data)) this.message(message);
    } catch (error) {
      this.fail(new WireError('protocol', true, undefined, { cause: error }));
    }
  }

  private message(bytes: Buffer): void {
    const content = elementAt(bytes, 0, bytes.length);
    const id = content === undefined ? undefined : elementAt(bytes, content.start, content.end);
    if (content === undefined || id?.tag !== INTEGER) throw new BerError('a message has no number');
    const operation = elementAt(bytes, id.end, content.end);
    if (operation?.tag !== SEARCH_ENTRY) return this.parser.read(bytes, NO_DETAILS);
    const pending = this.pending.get(String(bytes.readUIntBE(id.start, Math.min(id.end - id.start, 4))));
    if (pending === undefined) return;
    pending.entries.push(new ReceivedEntry(bytes, operation.start, operation.end, this.names));
    pending.bytes += bytes.length;
  }

  private received(id: number, message: Response): void {
    const pending = this.pending.get(String(id));
    // Answers to what was abandoned, and the notice of disconnection, which the end of the socket follows.
    if (pending === undefined) return;
    if (message instanceof SearchReference) pending.references.push(...message.uris);
    else {
      this.answerBytes = 0;
      pending.answered(message);
    }
  }

  private fail(error: WireError): void {
    if (this.closedBy !== undefined) return;
    this.closedBy = error;
    this.socket.destroy();
    for (const { failed } of [...this.pending.values()]) failed(error);
  }
}
