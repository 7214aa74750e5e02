import { performance } from 'node:perf_hooks';
import type { ConnectorContext } from '../contract.js';
import { connectorError, ldapError, type Operation } from './ldap-error.js';
import type { LdapSettings } from './ldap-settings.js';
import { readRootDse, type RootDse } from './root-dse.js';
import { openSession, type Endpoint } from './wire/open-session.js';
import type { LdapSession } from './wire/session.js';
import { WireError } from './wire/wire-error.js';

/** Servers drop connections that rest for 15 minutes (CONN-LDAP-96); ours are renewed before. */
const MAX_IDLE_MS = 600_000;
/** A write under way when a job is stopped may still be answered. */
const WRITE_CANCEL_GRACE_MS = 20_000;
/** One answer: a page or an entity (CONN-CORE-26), with the overhead of the encoding. */
const MAX_ANSWER_BYTES = 128 * 1024 * 1024;
/** Two for writes (CONN-LDAP-95), one for look-ups during a read. */
const POOLED = 3;

const CONNECT: Operation = { label: 'connect', kind: 'system' };

/** A session with what its server says about itself. */
export interface OpenedSession {
  readonly session: LdapSession;
  readonly rootDse: RootDse;
  readonly endpoint: Endpoint;
}

/**
 * The sessions of one system: a pool for look-ups and writes, and sessions of their own for reads whose pages hang on the connection
 * (CONN-LDAP-13). A session is taken by one operation at a time and never repaired: one that is closed is replaced before use.
 */
export class Sessions {
  private readonly idle: OpenedSession[] = [];
  private readonly waiting: ((session: OpenedSession | undefined) => void)[] = [];
  private opened = 0;
  private isClosed = false;
  /** Host that is tried first, because a mark was made there (CONN-AD-16). */
  preferredHost: string | undefined;

  constructor(
    private readonly context: ConnectorContext,
    private readonly settings: LdapSettings,
  ) {}

  /**
   * Runs an operation with a pooled session. One whose connection turns out to be dead is repeated once with a new one, if it may be: a write
   * that was sent may have been applied. Throws ConnectorErrors.
   */
  async use<T>(
    operation: Operation,
    signal: AbortSignal | undefined,
    run: (opened: OpenedSession) => Promise<T>,
    mayRepeat: () => boolean = () => operation.kind !== 'write',
  ): Promise<T> {
    for (let attempt = 1; ; attempt++) {
      const opened = await this.take(signal);
      try {
        return await run(opened);
      } catch (error) {
        const lost = error instanceof WireError && error.reason === 'closed';
        if (!lost || attempt > 1 || !mayRepeat()) throw ldapError(error, operation);
      } finally {
        this.give(opened);
      }
    }
  }

  /** A session outside the pool; whoever opens it closes it. Throws ConnectorErrors of scope `system`. */
  async open(signal: AbortSignal | undefined): Promise<OpenedSession> {
    const password = this.context.config.secret('ldap.password') ?? '';
    if (this.settings.user === '' || password === '') {
      // A server takes a bind without password for an anonymous one, and an anonymous search that returns less looks like deletions.
      throw connectorError('fatal', CONNECT, 'ldap.user and ldap.password must be set');
    }
    const [first, ...others] = this.inOrder();
    if (first === undefined) throw connectorError('fatal', CONNECT, 'ldap.url is not set or is no LDAP address');
    let failure: unknown;
    for (const endpoint of [first, ...others]) {
      try {
        return await this.openAt(endpoint, password, signal);
      } catch (error) {
        failure = error;
        if (!(error instanceof WireError) || error.reason === 'cancelled') break;
      }
    }
    throw ldapError(failure, CONNECT);
  }

  /** Closes all sessions. Never throws. */
  close(): void {
    this.isClosed = true;
    for (const { session } of this.idle.splice(0)) session.close();
  }

  private inOrder(): readonly Endpoint[] {
    const preferred = this.preferredHost?.toLowerCase();
    const isPreferred = ({ host }: Endpoint): boolean => host.toLowerCase() === preferred;
    const { endpoints } = this.settings;
    return [...endpoints.filter(isPreferred), ...endpoints.filter((endpoint) => !isPreferred(endpoint))];
  }

  private async openAt(endpoint: Endpoint, password: string, signal: AbortSignal | undefined): Promise<OpenedSession> {
    const { host, port, tls } = endpoint;
    this.context.guard?.({ protocol: tls === 'ldaps' ? 'ldaps' : 'ldap', host, port });
    const session = await openSession({
      endpoint,
      user: this.settings.user,
      password,
      connectTimeoutMs: this.context.limits?.requestTimeoutMs ?? this.settings.connectTimeoutMs,
      limits: {
        operationTimeoutMs: this.context.limits?.requestTimeoutMs ?? this.settings.operationTimeoutMs,
        writeCancelGraceMs: WRITE_CANCEL_GRACE_MS,
        maxAnswerBytes: MAX_ANSWER_BYTES,
      },
      signal,
    });
    try {
      return { session, rootDse: await readRootDse(session, signal), endpoint };
    } catch (error) {
      session.close();
      throw error;
    }
  }

  private async take(signal: AbortSignal | undefined): Promise<OpenedSession> {
    for (let idle = this.idle.pop(); idle !== undefined; idle = this.idle.pop()) {
      if (isFresh(idle)) return idle;
      this.discard(idle);
    }
    if (this.opened >= POOLED) {
      const handed = await new Promise<OpenedSession | undefined>((resolve) => this.waiting.push(resolve));
      if (handed !== undefined && isFresh(handed)) return handed;
      if (handed !== undefined) this.discard(handed);
      return this.take(signal);
    }
    this.opened += 1;
    try {
      return await this.open(signal);
    } catch (error) {
      this.opened -= 1;
      this.waiting.shift()?.(undefined);
      throw error;
    }
  }

  private discard({ session }: OpenedSession): void {
    session.close();
    this.opened -= 1;
  }

  private give(opened: OpenedSession): void {
    if (!opened.session.isOpen || this.isClosed) {
      this.discard(opened);
      this.waiting.shift()?.(undefined);
      return;
    }
    const next = this.waiting.shift();
    if (next === undefined) this.idle.push(opened);
    else next(opened);
  }
}

function isFresh({ session }: OpenedSession): boolean {
  return session.isOpen && performance.now() - session.lastUsedMs < MAX_IDLE_MS;
}
