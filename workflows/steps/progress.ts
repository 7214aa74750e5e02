import { log, setCurrentDetails } from '@temporalio/workflow';
import { failureKind } from './failure.js';
import { report } from './options.js';

const REPORT_INTERVAL_MS = 10_000;

/** Keeps the details of the workflow in the Temporal Web UI: a table of counters, moved at most once in ten seconds. */
export class ProgressDetails {
  private nextAtMs = 0;
  private isRunning = false;

  constructor(private readonly runKey: string) {}

  /** Something has moved. Never throws and never makes the caller wait: a missing picture must not hurt the work. */
  touch(): void {
    if (this.isRunning || Date.now() < this.nextAtMs) return;
    void this.show();
  }

  /** Nothing has happened yet that a picture could show: a short job needs none before its end. */
  waitForNews(): void {
    this.nextAtMs = Date.now() + REPORT_INTERVAL_MS;
  }

  /** The last picture, as the end of the run has made it; where it has not, it is asked for. Never throws. */
  async end(markdown: string | undefined): Promise<void> {
    if (markdown === undefined) return this.show();
    setCurrentDetails(markdown);
  }

  /** Shows the counters now. Never throws. */
  async show(): Promise<void> {
    this.isRunning = true;
    try {
      const { markdown } = await report('Show progress').describeProgress({ runKey: this.runKey });
      setCurrentDetails(markdown);
    } catch (error) {
      log.info('The progress could not be shown', { kind: failureKind(error) });
    } finally {
      this.isRunning = false;
      this.nextAtMs = Date.now() + REPORT_INTERVAL_MS;
    }
  }
}
