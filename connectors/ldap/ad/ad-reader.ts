import type { Filter } from 'ldapts';
import type { Cursor, Page, ReadPageRequest } from '../../contract.js';
import type { Entry } from '../entry.js';
import { allOf, atLeast, atMost } from '../filter/build.js';
import { connectorError, type Operation } from '../ldap-error.js';
import type { LdapType } from '../ldap-settings.js';
import { LdapReader } from '../ldap-reader.js';
import { checkReferences, searchPage, type Query } from '../search.js';
import type { OpenedSession } from '../sessions.js';
import { currentMark, deltaStart, toWatermark, type AdMark } from './ad-mark.js';
import { firstPosition, fromCursor, narrowed, positionAfter, tileAt, toCursorPart } from './tiles.js';
import type { Tile, TilePosition } from './tiles.js';
import { deletedObjects, movedObjects } from './tombstones.js';

/** Everything between two pages of a read. */
interface AdCursor {
  readonly mark: AdMark;
  readonly position: TilePosition;
  /** First counter of a delta read. */
  readonly since: bigint | undefined;
}

/** What is read of each tile. */
interface TileRead {
  readonly type: LdapType;
  readonly where: Filter | undefined;
  readonly size: number;
  readonly signal: AbortSignal | undefined;
}

/**
 * Reads Active Directory by ranges of `uSNChanged` instead of paging cookies: a range can be asked for again by any process over any
 * connection, so an interrupted read goes on where it stood (CONN-LDAP-24), and full and delta reads are the same search from different starts.
 */
export class AdReader extends LdapReader {
  override async readPage(type: LdapType, request: ReadPageRequest): Promise<Page> {
    const operation: Operation = { label: `list ${type}s`, kind: 'page' };
    const { signal } = request;
    return this.sessions
      .use(operation, signal, async (opened) => {
        const state = await this.stateOf(opened, operation, request);
        const size = Math.min(this.settings.pageSizeEntities, request.pageSizeEntities ?? Number.MAX_SAFE_INTEGER);
        const where = this.whereOf(operation, request);
        const tiles = { type, where, size, signal };
        const { entries, next } = await this.readTiles(opened, operation, state, tiles);
        return { entries, next, state };
      })
      .then(async ({ entries, next, state }) => {
        const delivered = await this.delivered(type, entries, signal);
        const { failures } = delivered;
        const items = this.matching(delivered.items, request);
        if (next !== undefined)
          return { items, failures, tombstones: [], next: cursorOf({ ...state, position: next }) };
        this.logDropped(type);
        const tombstones = state.since === undefined ? [] : await this.tombstones(type, state.since, signal);
        return { items, failures, tombstones, next: null, watermark: toWatermark(state.mark) };
      });
  }

  private async stateOf(opened: OpenedSession, operation: Operation, request: ReadPageRequest): Promise<AdCursor> {
    await this.loadSchema(opened, request.signal);
    if (request.cursor === null) {
      this.beginRead();
      const mark = await currentMark(
        opened,
        operation,
        { now: this.context.clock(), configuration: this.settings.fingerprint },
        request.signal,
      );
      this.sessions.preferredHost = mark.dnsHostName;
      const since = request.mode === 'delta' ? deltaStart(request.watermark, mark, operation) : undefined;
      return { mark, since, position: firstPosition(since ?? 1n) };
    }
    const state = parseCursor(request.cursor);
    if (state === undefined) throw connectorError('protocol', operation, 'the position is not one of this connector');
    // Counters of one controller mean nothing on another.
    if (opened.rootDse.dnsHostName !== state.mark.dnsHostName)
      throw connectorError('deltaLost', operation, 'another domain controller answers; the read must begin again');
    return state;
  }

  /** Entries of the next tiles until there are some; `next` is undefined behind the last one. */
  private async readTiles(
    opened: OpenedSession,
    operation: Operation,
    { mark, position: start }: AdCursor,
    { type, where, size, signal }: TileRead,
  ): Promise<{ entries: readonly Entry[]; next: TilePosition | undefined }> {
    let position = start;
    for (;;) {
      const tile = tileAt(position, mark.usn);
      const limit = tile.to === undefined ? Infinity : size;
      const query = this.query(type, opened, inTile(tile), where);
      const entries = await this.readTile(opened, operation, query, size, limit, signal);
      if (entries === undefined) {
        position = narrowed(position) ?? position;
        continue;
      }
      if (tile.to === undefined) return { entries, next: undefined };
      position = positionAfter({ from: tile.from, to: tile.to }, entries.length, size, position.width);
      if (entries.length > 0) return { entries, next: position };
    }
  }

  /** All entries of a tile; undefined when there are more than `limit`. */
  private async readTile(
    { session }: OpenedSession,
    operation: Operation,
    query: Query,
    size: number,
    limit: number,
    signal: AbortSignal | undefined,
  ): Promise<Entry[] | undefined> {
    const entries: Entry[] = [];
    let cookie: Buffer | undefined;
    do {
      const page = await searchPage(session, query, { size, cookie }, signal);
      checkReferences(page, this.settings.failOnReferral, operation);
      entries.push(...page.entries);
      cookie = page.cookie;
      if (entries.length > limit || (entries.length === limit && cookie !== undefined)) return undefined;
    } while (cookie !== undefined);
    return entries;
  }

  private async tombstones(
    type: LdapType,
    since: bigint,
    signal: AbortSignal | undefined,
  ): Promise<Page['tombstones']> {
    const operation: Operation = { label: `list deleted ${type}s`, kind: 'page' };
    return this.sessions.use(operation, signal, async (opened) => {
      const deleted = await deletedObjects(opened, this.settings, type, since, signal);
      if (deleted === undefined)
        this.context.log.warn({ type }, 'ldap.user may not read the deleted objects; deletions are seen in full reads');
      const moved = this.settings.scopeCheck ? await movedObjects(opened, this.settings, type, since, signal) : [];
      return [...(deleted ?? []), ...moved].map((id) => ({ id }));
    });
  }
}

function inTile({ from, to }: Tile) {
  return allOf(
    atLeast('uSNChanged', from.toString()),
    to === undefined ? undefined : atMost('uSNChanged', to.toString()),
  );
}

function cursorOf({ mark, position, since }: AdCursor): Cursor {
  return {
    v: 1,
    mark: toWatermark(mark),
    ...toCursorPart(position),
    ...(since === undefined ? {} : { since: since.toString() }),
  };
}

function parseCursor(cursor: Cursor): AdCursor | undefined {
  const position = fromCursor(cursor);
  const { mark, since } = cursor;
  if (position === undefined || mark === null || typeof mark !== 'object' || Array.isArray(mark)) return undefined;
  const { invocationId, dnsHostName, usn, at, configuration } = mark;
  if (
    typeof invocationId !== 'string' ||
    typeof dnsHostName !== 'string' ||
    typeof usn !== 'string' ||
    typeof at !== 'string' ||
    typeof configuration !== 'string'
  )
    return undefined;
  return {
    mark: { invocationId, dnsHostName, usn: BigInt(usn), at, configuration },
    position,
    since: typeof since === 'string' ? BigInt(since) : undefined,
  };
}
