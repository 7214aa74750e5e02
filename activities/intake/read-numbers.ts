import type { Sql } from '../../state/database.js';
import { nextReadSeq } from '../../state/intake/lookup.js';

/**
 * Numbers of answers, drawn before the source is asked, so that no older answer wins over a newer one (engine.md §5). A connector that reads over one
 * connection asks for the page behind the one it gives (`cursorResume`): what comes now was asked for while the last pages were read, and its
 * number is drawn before those.
 */
export class ReadNumbers {
  private ahead: number | undefined;

  constructor(
    private readonly sql: Sql,
    private readonly isBoundToConnection: boolean,
  ) {}

  /** The number of what is asked for next. */
  async next(): Promise<number> {
    if (!this.isBoundToConnection) return nextReadSeq(this.sql);
    const drawn = this.ahead ?? (await nextReadSeq(this.sql));
    this.ahead = await nextReadSeq(this.sql);
    return drawn;
  }
}
