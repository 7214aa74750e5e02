/** A command cannot do what it is asked for; the message is for the user. */
export class StackError extends Error {
  override readonly name = 'StackError';
}
