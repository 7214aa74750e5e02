/**
 * Ends the evaluation of one entity (ERR-1). Thrown inside `core/transform` only; the entry points of a program turn it into
 * the outcome `failed`. The message names paths and functions as written in the document, never values of the entity.
 */
export class EvaluationError extends Error {
  override readonly name = 'EvaluationError';
}
