import { startBenchStack } from '../engine/stack.js';
import type { BenchStack } from '../engine/stack.js';

/** What scenarios start things with; all of it is ended when the scenario is over, however it ends. */
export class ScenarioTools {
  private readonly started: { stop(): Promise<void> }[] = [];
  #versions = { postgres: 'unknown', temporal: 'unknown' };

  constructor(
    readonly say: (text: string) => void,
    private readonly profileFolder: string | undefined,
  ) {}

  /** Versions of the servers of the stack, once it was started. */
  get versions(): { readonly postgres: string; readonly temporal: string } {
    return this.#versions;
  }

  /** Starts something and stops it at the end. */
  async use<T extends { stop(): Promise<void> }>(starting: Promise<T>): Promise<T> {
    const part = await starting;
    this.started.push(part);
    return part;
  }

  /** Starts the stack of the engine. */
  async stack(): Promise<BenchStack> {
    this.say('starting PostgreSQL, Temporal and a worker');
    const stack = await this.use(startBenchStack({ say: this.say, profileFolder: this.profileFolder }));
    const [row] = await stack.pool.query<{ server_version: string }>('show server_version');
    this.#versions = { postgres: row?.server_version ?? 'unknown', temporal: stack.temporalVersion };
    return stack;
  }

  /** Ends what was started, the newest first. */
  async stop(): Promise<void> {
    for (const part of this.started.splice(0).reverse()) await part.stop();
  }
}
