/**
 * The `code` of an error of Node or of PostgreSQL (`EEXIST`, `57P03`), or undefined. Not by `instanceof`: an error that
 * comes from another realm of the same process (a test environment, `vm`) is none of this realm's errors.
 */
export function errorCode(error: unknown): string | undefined {
  const code = typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;
  return typeof code === 'string' ? code : undefined;
}

/** The message of whatever was thrown. */
export function errorMessage(error: unknown): string {
  const message = typeof error === 'object' && error !== null && 'message' in error ? error.message : undefined;
  return typeof message === 'string' ? message : String(error);
}
