import type { Sql } from '../../state/database.js';
import { countEntities } from '../../state/runs/read-mode.js';
import type { ShareLimit } from '../../state/runs/read-mode.js';

/**
 * RDM-13, without counting the source: only as many entities are counted as are needed to see that the changes are below the share. So it costs what
 * the changes cost.
 */
export class ChangeShare {
  /** So many changes are surely below the share; that is the limit itself once `isExact`. */
  allowed = 0;
  private isExact = false;

  constructor(
    private readonly sql: Sql,
    private readonly sourceNo: number,
    private readonly limit: ShareLimit,
  ) {}

  /** Counts for twice as many changes as there are, so that the next pages ask nothing. */
  async isExceededBy(changes: number): Promise<boolean> {
    if (changes <= this.allowed) return false;
    if (this.isExact) return true;
    const { percent, upToNo } = this.limit;
    const enough = Math.ceil(((2 * changes + 1) * 100) / percent);
    const counted = await countEntities(this.sql, this.sourceNo, { upToNo, limit: enough });
    this.isExact = counted < enough;
    this.allowed = Math.floor((counted * percent) / 100);
    return changes > this.allowed;
  }
}
