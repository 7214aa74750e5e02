import { Presets, SingleBar } from 'cli-progress';

/** Without a terminal progress is told in lines, this far apart. */
const LINE_INTERVAL_MS = 2_000;

/** Shows how far a piece of work is. */
export interface Progress {
  /** @param detail a few words about where it is */
  update(done: number, detail: string): void;
  stop(): void;
}

/** Something to write to; `isTTY` tells a terminal. */
export type Output = NodeJS.WritableStream & { readonly isTTY?: boolean };

/** Where the demo speaks to a person: a terminal with a moving bar, or plain lines. */
export class Terminal {
  /** @param stream standard error when standard output belongs to a program */
  constructor(private readonly stream: Output) {}

  /** Writes one line, or several. */
  line(text = ''): void {
    this.stream.write(`${text}\n`);
  }

  /** Starts to show progress towards `total` steps. */
  progress(total: number): Progress {
    return this.stream.isTTY === true ? this.bar(total) : this.lines(total);
  }

  private bar(total: number): Progress {
    const format = '  {bar} {percentage}%  {detail}';
    const options = { format, stream: this.stream, hideCursor: true, barsize: 30, clearOnComplete: true };
    const bar = new SingleBar(options, Presets.shades_classic);
    bar.start(Math.max(total, 1), 0, { detail: '' });
    return {
      update: (done, detail) => bar.update(Math.min(done, total), { detail }),
      stop: () => bar.stop(),
    };
  }

  private lines(total: number): Progress {
    let nextAt = Date.now() + LINE_INTERVAL_MS;
    return {
      update: (done, detail) => {
        if (Date.now() < nextAt) return;
        nextAt = Date.now() + LINE_INTERVAL_MS;
        this.line(`  ${percentage(done, total)}  ${detail}`);
      },
      stop: () => undefined,
    };
  }
}

function percentage(done: number, total: number): string {
  return `${String(total === 0 ? 100 : Math.min(100, Math.floor((done / total) * 100))).padStart(3)}%`;
}
