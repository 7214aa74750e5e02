import { Mortal } from '../../support/crash.js';

/** A worker process whose statements are counted; whoever listens may kill it, or do something beside it. */
export class WatchedProcess extends Mortal {
  /** @param onStatement told of each statement, by its number, before it is sent. */
  constructor(private readonly onStatement: (statement: number, process: WatchedProcess) => void) {
    super(undefined);
  }

  die(statement: number): void {
    this.diedAt = `statement ${statement}`;
  }

  override begin(): number {
    const statement = super.begin();
    this.onStatement(statement, this);
    this.live();
    return statement;
  }
}
