/** Comparisons of RFC 7644 §3.4.2.2, `pr` apart. */
export const COMPARISONS = ['eq', 'ne', 'co', 'sw', 'ew', 'gt', 'ge', 'lt', 'le'] as const;
/** See {@link COMPARISONS}. */
export type Comparison = (typeof COMPARISONS)[number];
/** What an attribute is compared with. */
export type FilterValue = string | number | boolean | null;

/** A SCIM filter, over the attributes of a resource. Names as written: `emails.value`, `urn:…:User:department`; in brackets those of the element. */
export type ScimFilter =
  | { readonly kind: 'and' | 'or'; readonly parts: readonly ScimFilter[] }
  | { readonly kind: 'not'; readonly part: ScimFilter }
  | { readonly kind: 'present'; readonly attribute: string }
  | {
      readonly kind: 'compare';
      readonly attribute: string;
      readonly operator: Comparison;
      readonly value: FilterValue;
    }
  /** `emails[type eq "work"]`: one element fulfils all of it. `emails[type eq "work"].value eq "x"` is the same with one more part. */
  | { readonly kind: 'element'; readonly attribute: string; readonly part: ScimFilter };

/**
 * The same over what a source system has: attributes of the native entity by their names, and the time of its last change. `always`: does
 * not depend on the entity.
 */
export type NativeFilter =
  | { readonly kind: 'and' | 'or'; readonly parts: readonly NativeFilter[] }
  | { readonly kind: 'not'; readonly part: NativeFilter }
  | { readonly kind: 'always'; readonly holds: boolean }
  | { readonly kind: 'present'; readonly attribute: string; readonly wanted: string; readonly isFirst?: boolean }
  | {
      readonly kind: 'compare';
      readonly attribute: string;
      readonly operator: Comparison;
      readonly value: Exclude<FilterValue, null>;
      /** The attribute as the SCIM filter names it, for messages. */
      readonly wanted: string;
      /** Only the first value counts, because the others are not mapped. */
      readonly isFirst?: boolean;
    }
  /** `ms`: of the instant, UTC. */
  | { readonly kind: 'modified'; readonly operator: Exclude<Comparison, 'co' | 'sw' | 'ew'>; readonly ms: number };
