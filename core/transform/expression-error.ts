/**
 * A path, condition, pattern or parameter that cannot be understood. The message may repeat parts of the text after
 * placeholders were replaced: show it only where the text as written has none.
 */
export class ExpressionError extends Error {
  override readonly name = 'ExpressionError';

  constructor(
    message: string,
    /** Index in the text, where one character is to blame. */
    readonly position?: number,
  ) {
    super(message);
  }
}
