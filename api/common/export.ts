/** A line of a CSV file: every cell quoted; a leading sign that a spreadsheet would take for a formula gets an apostrophe. */
export function csvLine(cells: readonly string[]): string {
  return `${cells.map(cell).join(',')}\r\n`;
}

function cell(text: string): string {
  const safe = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return `"${safe.replaceAll('"', '""')}"`;
}

/** One JSON array, written portion by portion. */
export async function* jsonOf(portions: AsyncIterable<readonly object[]>): AsyncGenerator<string> {
  let separator = '[';
  for await (const items of portions) {
    for (const item of items) {
      yield `${separator}${JSON.stringify(item)}`;
      separator = ',\n';
    }
  }
  yield separator === '[' ? '[]\n' : ']\n';
}
