/**
 * How one user becomes several: the write transformation gives a list of values for the attribute, and there is a user for each. The attribute
 * is part of what is unique, so that they can be told apart.
 */
export interface SplitRule {
  readonly attribute: string;
  /** The property that names the values. */
  readonly property: string;
}

/** What one question for several entities may hold. */
export interface ConfirmationLimit {
  readonly entities: number;
  /** Characters of all ids together. */
  readonly characters: number;
}
