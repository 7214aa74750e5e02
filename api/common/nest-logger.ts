import type { LoggerService } from '@nestjs/common';
import type { Logger } from '../../runtime/logger.js';

/** Lets Nest log through the logger of the process. Its routine start-up lines are of level debug. */
export class NestLogger implements LoggerService {
  readonly #log: Logger;

  constructor(log: Logger) {
    this.#log = log;
  }

  log(message: unknown, context?: unknown): void {
    this.#log.debug({ context }, String(message));
  }

  warn(message: unknown, context?: unknown): void {
    this.#log.warn({ context }, String(message));
  }

  error(message: unknown, stack?: unknown, context?: unknown): void {
    this.#log.error({ context, stack }, String(message));
  }
}
