import type { Connector } from '../../../connectors/contract.js';
import type { JsonObject } from '../../../core/json.js';

/** A system under the conformance kit, fresh for each test, with what it is known to differ in. */
export interface Subject {
  /** A connector with additional properties; every call opens another one, as after a restart of the worker. */
  open(properties?: Readonly<Record<string, string>>): Connector;
  /** The user as the system keeps it, or undefined. */
  userInSystem(id: string): Promise<JsonObject | undefined>;
  /** Writing requests that have arrived; undefined where nobody counts. */
  writeCount(): number | undefined;
  stop(): Promise<void>;
}

/** What a system cannot do; the kit asks for less, never for something else. */
export interface SubjectTraits {
  readonly name: string;
  readonly start: () => Promise<Subject>;
  readonly put: boolean;
  readonly patch: boolean;
  /** PUT clears attributes that the body lacks. */
  readonly putClears: boolean;
  readonly groups: boolean;
  /** Group reads return members. */
  readonly showsMembers: boolean;
  /** Two comparisons can be joined by `and` in a filter. */
  readonly joinsFilters: boolean;
  /** Filters by `eq` at least. */
  readonly filters: boolean;
  /** Quotation marks and backslashes in filter values are understood as RFC 7644 §3.4.2.2 says. */
  readonly unescapesFilters: boolean;
  /** A member that is added twice is there once. */
  readonly membersAreSet: boolean;
}

/** Traits of a system that can do everything. */
export const EVERYTHING = {
  put: true,
  patch: true,
  putClears: true,
  groups: true,
  showsMembers: true,
  joinsFilters: true,
  filters: true,
  unescapesFilters: true,
  membersAreSet: true,
} as const;
