import { randomUUID } from 'node:crypto';
import type { Cursor } from '../contract.js';
import { connectorError, ldapError, type Operation } from './ldap-error.js';
import type { Entry } from './entry.js';
import { checkReferences, searchPage, type Query, type SearchPage } from './search.js';
import type { OpenedSession, Sessions } from './sessions.js';
import { RESULT } from './wire/result-codes.js';
import { ResultError, WireError } from './wire/wire-error.js';

/** The page size is halved down to this when a server refuses larger ones (CONN-LDAP-22). */
const SMALLEST_PAGE = 10;

/** Entries of one page with the position behind it. */
export interface ReadPart {
  readonly entries: readonly Entry[];
  readonly next: Cursor | null;
  /** Of the answer that the entries came with; 0 where others of it were given before. */
  readonly bytes: number;
}

interface Progress {
  readonly token: string;
  readonly opened: OpenedSession;
  readonly query: Query;
  /** Gives up what was asked for ahead: whoever wanted the page before may have ended with that. */
  readonly cancel: AbortController;
  /** The answer that comes next, asked for already; undefined before the first and behind the last one. */
  ahead: Promise<SearchPage> | undefined;
  /** What the server has sent beyond what was wanted: all of it where it does not page. */
  readonly rest: Entry[];
  /** Of the last answer, until the first of its entries are given. */
  bytes: number;
  page: number;
  last: ReadPart | undefined;
}

/**
 * One paged search over a connection of its own (CONN-LDAP-13). Its cursor means nothing without that connection (`cursorResume:
 * connection`): the last page can be asked for again, anything else that was interrupted begins again.
 */
export class PagedRead {
  private progress: Progress | undefined;
  private pageSize: number;

  constructor(
    private readonly sessions: Sessions,
    pageSizeEntities: number,
    private readonly failOnReferral: boolean,
  ) {
    this.pageSize = pageSizeEntities;
  }

  /** Opens a connection for a new read; an earlier one is given up. */
  async begin(
    operation: Operation,
    signal: AbortSignal | undefined,
    queryOf: (opened: OpenedSession) => Promise<Query>,
  ): Promise<void> {
    this.close();
    const opened = await this.sessions.open(signal);
    try {
      const query = await queryOf(opened);
      this.progress = {
        token: randomUUID(),
        opened,
        query,
        cancel: new AbortController(),
        ahead: undefined,
        rest: [],
        bytes: 0,
        page: 0,
        last: undefined,
      };
    } catch (error) {
      opened.session.close();
      throw ldapError(error, operation);
    }
  }

  /** The page at a position; null is the first of the read that was begun. */
  async page(
    operation: Operation,
    cursor: Cursor | null,
    wanted: number | undefined,
    signal: AbortSignal | undefined,
  ): Promise<ReadPart> {
    const progress = this.progress;
    const position = cursor === null ? 0 : cursor['page'];
    if (progress === undefined || (cursor !== null && cursor['read'] !== progress.token)) throw this.lost(operation);
    if (position === progress.page - 1 && progress.last !== undefined) return progress.last;
    if (position !== progress.page) throw this.lost(operation);
    try {
      const part = await this.next(operation, progress, wanted, signal);
      progress.last = part;
      if (part.next === null) progress.opened.session.close();
      return part;
    } catch (error) {
      this.close();
      if (error instanceof ResultError && isSizeProblem(error.code) && this.pageSize > SMALLEST_PAGE)
        this.pageSize = Math.max(SMALLEST_PAGE, Math.floor(this.pageSize / 2));
      throw ldapError(error, operation);
    }
  }

  /** Gives the connection up. Never throws. */
  close(): void {
    this.progress?.opened.session.close();
    this.progress = undefined;
  }

  private async next(
    operation: Operation,
    progress: Progress,
    wanted: number | undefined,
    signal: AbortSignal | undefined,
  ): Promise<ReadPart> {
    const size = Math.min(this.pageSize, wanted ?? this.pageSize);
    if (progress.rest.length === 0) {
      const page = await this.answer(operation, progress, size, signal);
      progress.bytes = page.bytes;
      progress.rest.push(...page.entries);
    }
    return part(progress, progress.rest.splice(0, size));
  }

  /** The next answer; the one behind it is asked for at once, so that the server works while this one is worked on. */
  private async answer(
    operation: Operation,
    progress: Progress,
    size: number,
    signal: AbortSignal | undefined,
  ): Promise<SearchPage> {
    const { ahead, cancel } = progress;
    const page = await (ahead === undefined ? this.first(progress, size, signal) : taken(ahead, cancel, signal));
    checkReferences(page, this.failOnReferral, operation);
    const { cookie } = page;
    const next = { size: Math.min(size, this.pageSize), cookie };
    progress.ahead = cookie === undefined ? undefined : askAhead(progress, next);
    return page;
  }

  /** On the first page a smaller one can be tried on the spot. */
  private async first({ opened, query }: Progress, size: number, signal: AbortSignal | undefined): Promise<SearchPage> {
    for (let current = size; ; current = Math.max(SMALLEST_PAGE, Math.floor(current / 2))) {
      try {
        return await searchPage(opened.session, query, { size: current }, signal);
      } catch (error) {
        const refused = error instanceof ResultError && isSizeProblem(error.code);
        if (!refused || current <= SMALLEST_PAGE) throw error;
        this.pageSize = Math.max(SMALLEST_PAGE, Math.floor(current / 2));
      }
    }
  }

  private lost(operation: Operation): Error {
    return connectorError(
      'precondition',
      operation,
      'the connection that this position belongs to is gone; the read must begin again',
    );
  }
}

function part(progress: Progress, entries: Entry[]): ReadPart {
  const { token, bytes } = progress;
  progress.page += 1;
  // What is left of the answer came with the same bytes.
  progress.bytes = 0;
  const isEnd = progress.rest.length === 0 && progress.ahead === undefined;
  return { entries, next: isEnd ? null : { v: 1, read: token, page: progress.page }, bytes };
}

function askAhead(
  { opened, query, cancel }: Progress,
  page: { readonly size: number; readonly cookie: Buffer | undefined },
): Promise<SearchPage> {
  const answer = searchPage(opened.session, query, page, cancel.signal);
  // Told to whoever asks for the page; perhaps nobody does.
  answer.catch(() => undefined);
  return answer;
}

async function taken(
  ahead: Promise<SearchPage>,
  cancel: AbortController,
  signal: AbortSignal | undefined,
): Promise<SearchPage> {
  const giveUp = (): void => cancel.abort();
  if (signal?.aborted === true) giveUp();
  signal?.addEventListener('abort', giveUp);
  try {
    const page = await ahead;
    // The answer may be there before the caller has gone, and the next one cannot be asked for any more.
    if (cancel.signal.aborted) throw new WireError('cancelled', true);
    return page;
  } finally {
    signal?.removeEventListener('abort', giveUp);
  }
}

function isSizeProblem(code: number): boolean {
  return code === RESULT.sizeLimitExceeded || code === RESULT.adminLimitExceeded;
}
