import { errorMessage } from './error-code.js';
import type { Logger } from './logger.js';
import type { ProcessExit } from './tied-process.js';

/** A started component. */
export interface RunningComponent {
  readonly pid: number;
  /** Settles when it ends, wanted or not. */
  readonly exited: Promise<ProcessExit>;
  /** Ends it gracefully, by force after its own time limit; resolves when it is gone. */
  stop(): Promise<void>;
}

/** Something that is started, and started again when it dies. */
export interface Component {
  readonly name: string;
  /** Resolves when the component is ready; rejects when it does not come up, leaving nothing behind. */
  start(): Promise<RunningComponent>;
}

/** Waiting times of a supervisor. */
export interface SupervisorOptions {
  readonly log: Logger;
  /** Before the first restart; doubled with each death in a row. Default 500 ms. */
  readonly firstBackoffMs?: number;
  /** The longest wait before a restart. Default 30 s. */
  readonly longestBackoffMs?: number;
  /** A component that ran this long counts as healthy: the next wait is the first again. Default 60 s. */
  readonly healthyAfterMs?: number;
  /** Called when a component has died, and when it is ready again. */
  readonly onEvent?: (event: SupervisorEvent) => void;
}

/** What happened to a component after its first start. */
export interface SupervisorEvent {
  readonly component: string;
  readonly kind: 'died' | 'restarted' | 'start-failed';
  /** How it ended, why it did not start, or its new pid. */
  readonly detail: string;
}

interface Supervised {
  readonly component: Component;
  running: RunningComponent | undefined;
  /** Settles when no restart will follow any more. */
  watched: Promise<void>;
}

/**
 * Starts components, starts a dead one again with growing waits, and stops all in reverse order of getting ready. Components that do not
 * need each other may be started at once.
 * It never gives up on a component that was ready once: what it needs (a port, a disk) may come back.
 */
export class Supervisor {
  private readonly supervised: Supervised[] = [];
  private readonly stopping = new AbortController();

  constructor(private readonly options: SupervisorOptions) {}

  /**
   * Starts a component and keeps it running.
   * @throws what the first start throws: a component that never came up is a mistake of the configuration; Error when
   * {@link stop} was called meanwhile.
   */
  async start(component: Component): Promise<void> {
    if (this.stopping.signal.aborted) throw new Error(`${component.name} is not started: everything is being stopped.`);
    const running = await component.start();
    if (this.stopping.signal.aborted) {
      await running.stop();
      throw new Error(`${component.name} was stopped again: everything is being stopped.`);
    }
    const entry: Supervised = { component, running, watched: Promise.resolve() };
    this.supervised.push(entry);
    entry.watched = this.watch(entry);
  }

  /** Process numbers of what runs now, by component. */
  pids(): Readonly<Record<string, number>> {
    const running = this.supervised.map(({ component, running: now }) => [component.name, now?.pid] as const);
    return Object.fromEntries(running.filter((entry): entry is [string, number] => entry[1] !== undefined));
  }

  /** Stops the components in reverse order of their start; a restart that is under way is waited for. Twice is harmless. */
  async stop(): Promise<void> {
    this.stopping.abort();
    for (const entry of this.supervised.toReversed()) {
      await entry.running?.stop();
      await entry.watched;
    }
  }

  private async watch(entry: Supervised): Promise<void> {
    let deathsInARow = 0;
    while (entry.running !== undefined) {
      const startedAt = Date.now();
      const exit = await entry.running.exited;
      entry.running = undefined;
      if (this.stopping.signal.aborted) return;
      this.tell(entry, 'died', exitText(exit));
      if (Date.now() - startedAt >= (this.options.healthyAfterMs ?? 60_000)) deathsInARow = 0;
      deathsInARow = await this.restart(entry, deathsInARow);
    }
  }

  /** Tries until the component runs or the supervisor stops; the number of deaths and failed starts in a row. */
  private async restart(entry: Supervised, deathsBefore: number): Promise<number> {
    const { firstBackoffMs = 500, longestBackoffMs = 30_000 } = this.options;
    for (let deaths = deathsBefore; ; deaths++) {
      await this.wait(Math.min(firstBackoffMs * 2 ** deaths, longestBackoffMs));
      if (this.stopping.signal.aborted) return deaths;
      try {
        const running = await entry.component.start();
        if (this.stopping.signal.aborted) {
          await running.stop();
          return deaths;
        }
        entry.running = running;
        this.tell(entry, 'restarted', `pid ${running.pid}`);
        return deaths + 1;
      } catch (error) {
        this.tell(entry, 'start-failed', errorMessage(error));
      }
    }
  }

  private wait(timeMs: number): Promise<void> {
    const { signal } = this.stopping;
    return new Promise((resolve) => {
      const done = (): void => {
        clearTimeout(timer);
        signal.removeEventListener('abort', done);
        resolve();
      };
      const timer = setTimeout(done, timeMs);
      signal.addEventListener('abort', done);
      if (signal.aborted) done();
    });
  }

  private tell(entry: Supervised, kind: SupervisorEvent['kind'], detail: string): void {
    const component = entry.component.name;
    this.options.log[kind === 'restarted' ? 'info' : 'warn']({ component, detail }, `component ${kind}`);
    this.options.onEvent?.({ component, kind, detail });
  }
}

/** `ended with code 1` or `ended by SIGKILL`. */
export function exitText(exit: ProcessExit): string {
  return exit.signal === null ? `ended with code ${String(exit.code)}` : `ended by ${exit.signal}`;
}
