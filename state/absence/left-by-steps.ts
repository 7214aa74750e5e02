import { LINK_STATE, ORIGIN } from '../codes.js';
import { survivors } from '../drain/claims.js';

/** What decides which candidates the first steps of DEL-6 keep. */
export interface StepRule {
  readonly sourceNo: number;
  readonly deletesExistedBefore: boolean;
  /** The target entity of a leaver is deleted although another source has it too (DEL-20). */
  readonly deletesShared: boolean;
}

/** SQL: how many target entities of candidate `a` those steps leave to be deleted (LNK-3). */
export function accountsLeft(deletesExistedBefore: string, sourceNo: string, deletesShared: string): string {
  return `(select count(*) from link l where l.target_id = a.target_id and l.entity_no = a.entity_no and l.state = ${LINK_STATE.linked}
             and ${leftBySteps(deletesExistedBefore, sourceNo, deletesShared)})`;
}

/** SQL: the link `l` of a candidate is not kept by the steps 1 and 3 of DEL-6. */
export function leftBySteps(deletesExistedBefore: string, sourceNo: string, deletesShared: string): string {
  return `((l.origin = ${ORIGIN.created} or ${deletesExistedBefore}) and not exists (${survivors('l', sourceNo, deletesShared)}))`;
}
