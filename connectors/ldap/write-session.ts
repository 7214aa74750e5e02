import { Control, ModifyRequest, type Change as Modification } from 'ldapts';
import type { CallOptions } from '../contract.js';
import { connectorError, type Operation } from './ldap-error.js';
import type { LdapReader } from './ldap-reader.js';
import type { LdapSettings } from './ldap-settings.js';
import { PERMISSIVE_MODIFY } from './search.js';
import type { OpenedSession, Sessions } from './sessions.js';
import { WireError } from './wire/wire-error.js';

const GLOBAL_CATALOG_PORTS = [3268, 3269];

/** Sequences of requests that change one entry, and what they have in common. */
export class WriteSession {
  constructor(
    readonly settings: LdapSettings,
    readonly sessions: Sessions,
    readonly reader: LdapReader,
  ) {}

  get isAd(): boolean {
    return this.settings.dialect.kind === 'ad';
  }

  /** Runs with a session and options that know whether anything was sent: until then a dead connection is nobody's business. */
  run<T>(
    operation: Operation,
    options: CallOptions,
    sequence: (opened: OpenedSession, options: CallOptions) => Promise<T>,
  ): Promise<T> {
    let sent = false;
    const beforeWrite = (): void => {
      options.beforeWrite?.();
      sent = true;
    };
    const work = async (opened: OpenedSession): Promise<T> => {
      if (this.isAd && GLOBAL_CATALOG_PORTS.includes(opened.endpoint.port)) {
        const text = 'the Global Catalog is read-only; set ldap.url to port 389 or 636 of a domain controller';
        throw connectorError('fatal', operation, text, { scope: 'system' });
      }
      await this.reader.loadSchema(opened, options.signal);
      try {
        return await sequence(opened, { ...options, beforeWrite });
      } catch (error) {
        // The last request of a sequence did not leave, but one before it did.
        throw error instanceof WireError && sent
          ? new WireError(error.reason, true, error.code, { cause: error })
          : error;
      }
    };
    return this.sessions.use(operation, options.signal, work, () => !sent);
  }

  /** One modify request. Throws ResultError, WireError. */
  async modify(
    { session, rootDse }: OpenedSession,
    dn: string,
    changes: Modification[],
    options: CallOptions,
  ): Promise<void> {
    options.beforeWrite?.();
    const controls = rootDse.controls.has(PERMISSIVE_MODIFY) ? [new Control(PERMISSIVE_MODIFY)] : [];
    await session.request(new ModifyRequest({ messageId: 0, dn, changes, controls }), {
      signal: options.signal,
      write: true,
    });
  }
}
