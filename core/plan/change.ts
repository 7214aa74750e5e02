import type { JsonObject } from '../json.js';

/** Names of {@link ChangeVerb}. */
export const CHANGE_VERBS = ['create', 'update', 'disable', 'delete', 'addMember', 'removeMember'] as const;
/** What a change does to the target entity (PLN-1). */
export type ChangeVerb = (typeof CHANGE_VERBS)[number];

/** Names of {@link FixedClass}. */
export const FIXED_CLASSES = [
  'delete',
  'disable',
  'recreate',
  'create',
  'update',
  'addMember',
  'removeMember',
] as const;
/** Classes that the governor knows whatever the configuration (GOV-1). */
export type FixedClass = (typeof FIXED_CLASSES)[number];

/** A counted class; `attribute:<name>` counts changes of an attribute that an administrator names (GOV-1). */
export type GovernedClass = FixedClass | `attribute:${string}`;

/** Names of {@link RiskFlag}. */
export const RISK_FLAGS = [
  'deletes',
  'disables',
  'recreates',
  'overGovernor',
  'removesMembers',
  'largeGroup',
  'adopts',
  'unknownBefore',
  'changedInTarget',
] as const;
/** What a reviewer should look at twice. */
export type RiskFlag = (typeof RISK_FLAGS)[number];

/** Names of {@link MatchOutcome}. */
export const MATCH_OUTCOMES = ['adopt', 'create', 'ambiguous', 'invisible'] as const;
/**
 * What a match report says of an entity without a link (PLN-14). `adopt`: one account has its unique attribute; `create`: none has;
 * `ambiguous`: several have, or somebody else is linked with it or wants it, too; `invisible`: none can be found by the configured
 * attribute, and yet one is there that will keep the target from creating another.
 */
export type MatchOutcome = (typeof MATCH_OUTCOMES)[number];

/** Values of a change as they are stored, sealed: no secret is part of them (LNK-5). */
export interface ChangeContent {
  /** Target JSON last written; null where it is not known. */
  readonly before: JsonObject | null;
  /** Target JSON as planned; null for a deletion. */
  readonly after: JsonObject | null;
  /** Which mapping of the write transformation gave which attribute: JSON pointers. */
  readonly mappings: Readonly<Record<string, string>>;
}
