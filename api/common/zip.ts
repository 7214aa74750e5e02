import { PassThrough, pipeline, Readable } from 'node:stream';
import { finished } from 'node:stream/promises';
import { ZipFile } from 'yazl';

/** A file of a ZIP; its text is made while it is sent. */
export interface ZipEntry {
  readonly name: string;
  readonly text: Iterable<string> | AsyncIterable<string>;
}

/**
 * A ZIP that is written while it is read, one file after the other, never built in memory (DWN-3). It ends with an error when a file cannot be
 * made; whoever stops reading ends the making.
 */
export function zipOf(entries: Iterable<ZipEntry> | AsyncIterable<ZipEntry>): Readable {
  const zip = new ZipFile();
  const output = new PassThrough();
  const over = new AbortController();
  const fail = (error: unknown): void => void output.destroy(error instanceof Error ? error : new Error(String(error)));
  pipeline(zip.outputStream, output, () => over.abort());
  zip.on('error', fail);
  void write(zip, entries, over.signal).catch(fail);
  return output;
}

async function write(
  zip: ZipFile,
  entries: Iterable<ZipEntry> | AsyncIterable<ZipEntry>,
  signal: AbortSignal,
): Promise<void> {
  for await (const { name, text } of entries) {
    const input = Readable.from(text, { objectMode: false, signal });
    zip.addReadStream(input, name);
    await finished(input);
  }
  zip.end();
}

/** `2026-03-04_07-15-00`: how the names of downloads tell the time, in UTC. */
export function fileTime(at: Date): string {
  return at.toISOString().slice(0, 19).replace('T', '_').replaceAll(':', '-');
}
