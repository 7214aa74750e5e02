import { isJsonObject } from '../json.js';
import type { JsonObject, JsonValue } from '../json.js';
import { printPath } from '../transform/path/print-path.js';
import type { Segment } from '../transform/path/path-model.js';
import { writeCell } from './cells.js';

/** What was made of one row of the input. */
export interface ResultRow {
  /** As a spreadsheet counts: the headers are row 1. */
  readonly row: number;
  readonly target: JsonObject;
}

/** First column of every result. */
const ROW_COLUMN = 'source row';

/** A result as CSV: one column for each path of the target JSON, over all rows, in the order they first appear (VAL-8). */
export function resultCsv(rows: readonly ResultRow[]): string {
  const columns = new Set<string>();
  const table = rows.map(({ row, target }) => {
    const cells = new Map(leavesOf([], target));
    for (const path of cells.keys()) columns.add(path);
    return { row, cells };
  });
  const lines = [
    [ROW_COLUMN, ...columns],
    ...table.map(({ row, cells }) => [row, ...[...columns].map((path) => cells.get(path))]),
  ];
  return lines.map((cells) => `${cells.map(writeCell).join(',')}\r\n`).join('');
}

/** Every value with its path in dot notation without `$.`; an object or a list without content is a value, too. */
function leavesOf(way: readonly Segment[], value: JsonValue): [string, JsonValue][] {
  const below = childrenOf(value);
  if (way.length > 0 && below.length === 0) return [[pathText(way), value]];
  return below.flatMap(([segment, child]) => leavesOf([...way, segment], child));
}

function childrenOf(value: JsonValue): [Segment, JsonValue][] {
  if (Array.isArray(value)) return value.map((element, index) => [{ kind: 'index', index }, element]);
  if (!isJsonObject(value)) return [];
  return Object.entries(value).map(([name, member]) => [{ kind: 'member', name }, member]);
}

function pathText(segments: readonly Segment[]): string {
  const noFilter = (): string => '';
  return printPath({ root: '$', segments, function: undefined }, noFilter).replace(/^\$\.?/, '');
}
