import type { Letter } from '../../core/healing/breaker.js';
import type { ErrorClass } from '../../core/healing/error-class.js';
import { noteResults, noteSuccess } from '../../state/drain/breaker.js';
import type { BreakerCause } from '../../state/drain/breaker.js';
import type { LogLine } from '../../state/drain/entity-log.js';
import type { Settlement } from '../../state/drain/settle.js';
import type { DrainEnvironment } from './work.js';
import { TargetFailedError } from './write-errors.js';

/** What requests said of their target, collected until somebody tells its circuit breaker (HEA-6). */
export class TargetResults {
  private letters = '';
  private cause: BreakerCause | null = null;

  constructor(private readonly env: DrainEnvironment) {}

  /** A pair came to its result. One that was refused for itself shows that the target answers. */
  settled({ log, end, parts = [] }: Settlement): void {
    this.heard(log, end.kind === 'failed' ? end.errorClass : undefined);
    for (const part of parts) this.heard(part.log, part.errorClass);
  }

  private heard(log: LogLine | null, errorClass: ErrorClass | undefined): void {
    if (log === null) return;
    if (errorClass === 'targetFault') this.failed('f', errorClass, log.message ?? '');
    // A permission that is missing for this kind of entity says nothing about the others.
    else if (errorClass !== 'auth') this.letters += 'g';
  }

  /** A request met something that concerns more than its pair. */
  interrupted(error: unknown): void {
    if (!(error instanceof TargetFailedError)) return;
    this.failed(error.errorClass === 'auth' ? 'a' : 'u', error.errorClass, error.message);
  }

  /** Tells what was collected. Returns why the breaker is open now, if it is. */
  async tell(): Promise<string | undefined> {
    const { letters, cause } = this;
    this.letters = '';
    this.cause = null;
    if (letters === '') return undefined;
    const { services, targetNo, hasBreaker } = this.env;
    if (hasBreaker) {
      const state = await noteResults(services.pool, targetNo, letters, cause);
      return state === 'open' ? (cause?.message ?? 'the circuit breaker is open') : undefined;
    }
    if (letters.includes('g')) await noteSuccess(services.pool, targetNo);
    return undefined;
  }

  private failed(letter: Letter, errorClass: ErrorClass, message: string): void {
    this.letters += letter;
    this.cause = { errorClass, message };
  }
}
