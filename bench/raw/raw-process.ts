import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { RawAnswer, RawCommand, RawMeasure, RawRun } from './messages.js';

/** A raw loop in a process of its own. */
export class RawProcess {
  private constructor(private readonly child: ChildProcess) {}

  /** Starts the process and connects it with the servers. */
  static async start(open: Extract<RawCommand, { kind: 'open' | 'openLdap' }>): Promise<RawProcess> {
    const raw = new RawProcess(fork(fileURLToPath(new URL('main.js', import.meta.url)), { stdio: 'inherit' }));
    await raw.ask(open);
    return raw;
  }

  /** One loop; see {@link RawRun}. Rejects with the message of what failed in it. */
  async run(run: RawRun = {}): Promise<RawMeasure> {
    const measure = await this.ask({ kind: 'run', ...run });
    if (measure === undefined) throw new Error('the raw loop gave no result');
    return measure;
  }

  /** Takes its tables away and ends the process. */
  async stop(): Promise<void> {
    const exited = once(this.child, 'exit');
    try {
      await this.ask({ kind: 'close' });
    } finally {
      this.child.disconnect();
      await exited;
    }
  }

  private ask(command: RawCommand): Promise<RawMeasure | undefined> {
    return new Promise((resolve, reject) => {
      const onMessage = (answer: RawAnswer): void => {
        this.child.off('exit', onExit);
        if (answer.kind === 'failed') reject(new Error(`raw loop: ${answer.message}`));
        else resolve(answer.result);
      };
      const onExit = (code: number | null): void => {
        this.child.off('message', onMessage);
        reject(new Error(`the process of the raw loop ended with code ${code ?? 'none'}`));
      };
      this.child.once('message', onMessage);
      this.child.once('exit', onExit);
      this.child.send(command);
    });
  }
}
