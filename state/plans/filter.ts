import { entityTypeCode } from '../../core/entity-type.js';
import type { EntityType } from '../../core/entity-type.js';
import type { ChangeVerb, MatchOutcome, RiskFlag } from '../../core/plan/change.js';
import type { ChangeState } from '../../core/plan/states.js';

/** Which changes of a plan are meant; all given conditions hold (PLN-7). */
export interface ChangeFilter {
  readonly targetNo?: number;
  readonly type?: EntityType;
  readonly verb?: ChangeVerb;
  readonly attribute?: string;
  readonly facet?: string;
  readonly risk?: RiskFlag;
  readonly state?: ChangeState;
  /** What a match report has found. */
  readonly match?: MatchOutcome;
  /** Part of the id in the source or in the target, any case. */
  readonly text?: string;
  /** These changes only. */
  readonly ids?: readonly string[];
}

/** Number of parameters of {@link FILTER_SQL}; further ones begin after them. */
export const FILTER_PARAMETERS = 11;

/** Condition over `change c`; parameters from {@link filterParams}. */
export const FILTER_SQL = `
  c.plan_no = $1 and ($2::int is null or c.target_id = $2) and ($3::smallint is null or c.type = $3) and ($4::text is null or c.verb = $4)
  and ($5::text is null or $5 = any(c.attributes)) and ($6::text is null or c.facet = $6) and ($7::text is null or $7 = any(c.risks))
  and ($8::text is null or c.state = $8)
  and ($9::text is null or position(lower($9) in lower(c.source_key)) > 0 or position(lower($9) in lower(coalesce(c.target_key, ''))) > 0)
  and ($10::bigint[] is null or c.change_no = any($10)) and ($11::text is null or c.match = $11)`;

/** Parameters of {@link FILTER_SQL}. */
export function filterParams(planNo: number, filter: ChangeFilter): unknown[] {
  return [
    planNo,
    filter.targetNo ?? null,
    filter.type === undefined ? null : entityTypeCode(filter.type),
    filter.verb ?? null,
    filter.attribute ?? null,
    filter.facet ?? null,
    filter.risk ?? null,
    filter.state ?? null,
    filter.text ?? null,
    filter.ids ?? null,
    filter.match ?? null,
  ];
}
