import { CsvError, parse } from 'csv-parse/sync';
import { readCell } from '../../core/validate/cells.js';
import type { CellValue } from '../../core/validate/cells.js';
import { shapeOf, toSourceJson } from '../../core/validate/source-shape.js';
import type { EntityType } from '../../core/entity-type.js';
import type { ValidatedEntity } from '../../core/validate/validate.js';
import { jsonPointer } from '../common/problem.js';
import type { FieldError } from '../common/problem.js';

/** Entities of one file that are tested; more are ignored (VAL-4, LIM-3). */
export const MAX_ENTITIES = 10;

/** A file, understood. */
export interface CsvFile {
  readonly entities: readonly ValidatedEntity[];
  /** Rows beyond the limit. */
  readonly ignored: number;
}

interface Cell {
  readonly text: string;
  readonly isQuoted: boolean;
}

/**
 * Reads a file of users or groups (VAL-1 to VAL-5). Mistakes come back all together; nothing is run until they are corrected.
 *
 * @param field of the body: `users` or `groups`.
 */
export function readCsv(text: string, type: EntityType, field: string): CsvFile | readonly FieldError[] {
  const refuse = (messages: readonly string[]): FieldError[] =>
    messages.map((message) => ({ pointer: jsonPointer([field]), message }));
  const records = parseRecords(text);
  if (typeof records === 'string') return refuse([records]);
  const [headers, ...rows] = records;
  if (headers === undefined) return refuse(['the file is empty: its first row are headers']);
  const shape = shapeOf(headers.map((header) => header.text.trim()));
  if (!('kind' in shape)) return refuse(shape.map(({ column, message }) => `column ${column}: ${message}`));
  const odd = rows.flatMap((row, position) =>
    row.length === headers.length
      ? []
      : [`row ${position + 2} has ${row.length} fields, but there are ${headers.length} headers`],
  );
  if (odd.length > 0) return refuse(odd);
  const entities = rows.slice(0, MAX_ENTITIES).map((row, position) => ({
    type,
    row: position + 2,
    content: toSourceJson(shape, row.map(valueOf)),
  }));
  return { entities, ignored: rows.length - entities.length };
}

function valueOf({ text, isQuoted }: Cell): CellValue {
  return readCell(text, isQuoted);
}

/** RFC 4180; whether a field stood in quotes is all that tells an empty text from an absent attribute. */
function parseRecords(text: string): Cell[][] | string {
  try {
    // The types of the parser know texts only, whatever `cast` makes of them.
    const records: readonly (readonly unknown[])[] = parse(text, {
      bom: true,
      relax_column_count: true,
      cast: (value, { quoting }): Cell => ({ text: value, isQuoted: quoting }),
    });
    return records.map((record) => record.filter(isCell));
  } catch (error) {
    if (error instanceof CsvError) return `is no CSV of RFC 4180: ${error.message}`;
    throw error;
  }
}

function isCell(value: unknown): value is Cell {
  return typeof value === 'object' && value !== null && 'isQuoted' in value;
}
