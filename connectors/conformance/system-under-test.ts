import type { JsonObject } from '../../core/json.js';
import type { ConnectorFactory } from '../contract.js';
import type { EntitySamples } from '../entity-samples.js';

/** A configured system that the checks are run against. */
export interface SystemUnderTest {
  /** For people and reports. */
  readonly name: string;
  readonly factory: ConnectorFactory;
  readonly properties: Readonly<Record<string, string>>;
  readonly secrets: Readonly<Record<string, string>>;
  /** Those of the factory unless the system needs other ones. */
  readonly samples: EntitySamples;
  /** Checks may create, change and delete entities of their own; without it only reading is checked. */
  readonly mayWrite: boolean;
  /** Members of the large group, and entities of the large read. */
  readonly largeGroupMembers: number;
  /**
   * What is known to be otherwise, by the id of the check: what Muster does about it. Such a check must fail; a deviation that has
   * gone is a failure, so that no report tells what is over.
   */
  readonly deviations: Readonly<Record<string, string>>;
  /** Checks that make no sense against this system, by id, and why. */
  readonly notApplicable: Readonly<Record<string, string>>;
}

/** What a check was able to say. */
export type CheckStatus = 'passed' | 'failed' | 'deviation' | 'skipped';

/** The outcome of one check. */
export interface CheckResult {
  readonly id: string;
  readonly rules: readonly string[];
  readonly title: string;
  readonly status: CheckStatus;
  /** Why it was skipped or has failed, or what Muster does about the deviation. */
  readonly text: string;
  readonly durationMs: number;
}

/** Names of the properties whose values must appear nowhere. */
export type SecretValues = Readonly<Record<string, string>>;

/** A body as far as a check needs it. */
export interface Made {
  readonly id: string;
  readonly body: JsonObject;
}
