/** Why the state of the configuration does not allow a change. */
export type ConfigurationConflictCode = 'nameTaken' | 'notASource' | 'versionMoved' | 'jobRunning' | 'tooManySystems';

/** A change of the configuration that its present state does not allow; thrown inside the transaction, which rolls back. */
export class ConfigurationConflictError extends Error {
  override readonly name = 'ConfigurationConflictError';
  readonly code: ConfigurationConflictCode;
  /** JSON pointer of the field of the request that conflicts, or an empty text. */
  readonly pointer: string;

  /** @param message for an administrator: what is in the way and what to do. */
  constructor(code: ConfigurationConflictCode, pointer: string, message: string) {
    super(message);
    this.code = code;
    this.pointer = pointer;
  }
}

/** True for {@link ConfigurationConflictError}. */
export function isConfigurationConflict(error: unknown): error is ConfigurationConflictError {
  return error instanceof ConfigurationConflictError;
}
