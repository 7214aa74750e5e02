import type { Cursor } from '../../contract.js';

/** A range of change counters, ends included; without `to` it is open. */
export interface Tile {
  readonly from: bigint;
  readonly to: bigint | undefined;
}

/** Where a read by tiles stands. Everything that is needed to go on is here, so any process can (CONN-LDAP-24). */
export interface TilePosition {
  readonly from: bigint;
  readonly width: bigint;
}

const FIRST_WIDTH = 1_000n;
const LARGEST_WIDTH = 1n << 40n;

/** Before the first tile. */
export function firstPosition(from: bigint): TilePosition {
  return { from, width: FIRST_WIDTH };
}

/**
 * The next tile of a read up to `highest`, the counter before the read began. Behind it comes one open tile: what changes while it is read
 * moves to a higher counter, hence into a tile that is still to come. Nothing is passed over; some are seen twice.
 */
export function tileAt({ from, width }: TilePosition, highest: bigint): Tile {
  if (from > highest) return { from, to: undefined };
  const end = from + width - 1n;
  return { from, to: end < highest ? end : highest };
}

/** The position behind a tile that gave so many entries; narrower or wider so that the next one gives about a page. */
export function positionAfter(
  tile: Required<Tile> & { to: bigint },
  found: number,
  pageSize: number,
  width: bigint,
): TilePosition {
  let next = width;
  if (found === 0) next = width * 8n;
  else if (found < pageSize / 2) next = width * 2n;
  else if (found > pageSize) next = width / 2n;
  return { from: tile.to + 1n, width: bounded(next) };
}

/** The same position with less to read; undefined when it cannot be less. */
export function narrowed({ from, width }: TilePosition): TilePosition | undefined {
  return width === 1n ? undefined : { from, width: bounded(width / 4n) };
}

function bounded(width: bigint): bigint {
  if (width < 1n) return 1n;
  return width > LARGEST_WIDTH ? LARGEST_WIDTH : width;
}

/** The position as part of a cursor. */
export function toCursorPart({ from, width }: TilePosition): { from: string; width: string } {
  return { from: from.toString(), width: width.toString() };
}

/** What {@link toCursorPart} has written; undefined for anything else. */
export function fromCursor(cursor: Cursor): TilePosition | undefined {
  const { from, width } = cursor;
  if (typeof from !== 'string' || typeof width !== 'string' || !/^\d{1,20}$/.test(from) || !/^\d{1,20}$/.test(width))
    return undefined;
  return { from: BigInt(from), width: BigInt(width) };
}
