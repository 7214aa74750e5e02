import { isJsonObject, type JsonObject, type JsonValue } from '../../../core/json.js';
import type { ProbeFinding } from '../../probe-report.js';
import { isConnectorError } from '../../errors.js';

/** Collects what a probe finds, and the profile that follows. */
export class Findings {
  readonly all: ProbeFinding[] = [];
  readonly profile: JsonObject = {};

  works(name: string, found: string, claimed?: string): void {
    this.add({ name, found, verdict: 'works', ...(claimed === undefined ? {} : { claimed }) });
  }

  differs(name: string, found: string, advice: string, claimed?: string): void {
    this.add({ name, found, verdict: 'differs', advice, ...(claimed === undefined ? {} : { claimed }) });
  }

  unknown(name: string, found: string): void {
    this.add({ name, found, verdict: 'unknown' });
  }

  /** Sets a part of the suggested profile, for example `members`, `mixed`. */
  suggest(value: JsonValue, name: string, part?: string): void {
    if (part === undefined) {
      this.profile[name] = value;
      return;
    }
    const group = this.profile[name];
    this.profile[name] = { ...(isJsonObject(group) ? group : {}), [part]: value };
  }

  /**
   * Tries one thing. What the system refuses is a finding of its own; only a stop, and what makes everything else pointless, is thrown.
   */
  async attempt(name: string, action: () => Promise<void>): Promise<void> {
    try {
      await action();
    } catch (error) {
      if (!isConnectorError(error) || error.scope === 'system') throw error;
      this.unknown(name, `could not be tried: ${error.safeMessage}`);
    }
  }

  private add(finding: ProbeFinding): void {
    this.all.push(finding);
  }
}
