import { closeSync, mkdirSync, openSync, renameSync, statSync, writeSync } from 'node:fs';
import { join } from 'node:path';

/** A file is put aside when it is larger at the start of its process; one old file is kept. */
const LARGEST_BYTES = 20 * 1024 * 1024;

/** Appends lines to `<home>/logs/<name>.log`, readable by the owner only. */
export class LogFile {
  /** Full name of the file. */
  readonly path: string;
  private readonly descriptor: number;
  private isOpen = true;

  constructor(home: string, name: string) {
    const folder = join(home, 'logs');
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    this.path = join(folder, `${name}.log`);
    if ((statSync(this.path, { throwIfNoEntry: false })?.size ?? 0) > LARGEST_BYTES)
      renameSync(this.path, `${this.path}.1`);
    this.descriptor = openSync(this.path, 'a', 0o600);
  }

  /** Appends one line at once, so that nothing is lost when this process is killed. */
  write(line: string): void {
    if (this.isOpen) writeSync(this.descriptor, `${line}\n`);
  }

  /** Lines written later are dropped. Twice is harmless. */
  close(): void {
    if (this.isOpen) closeSync(this.descriptor);
    this.isOpen = false;
  }
}
