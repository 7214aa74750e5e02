import type { EntitySamples } from '../../connectors/entity-samples.js';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  CHECKS,
  ConformanceRun,
  reasonToSkip,
  SECRETS_CHECK,
  type Check,
  type CheckArea,
  type CheckResult,
  type SystemUnderTest,
} from '../../connectors/conformance/index.js';

/** A system that a suite starts. What decides which checks fit is known before. */
export interface TestedSystem extends Pick<SystemUnderTest, 'name' | 'factory' | 'samples'> {
  /** Properties that do not depend on the running server. */
  readonly properties?: Readonly<Record<string, string>>;
  /** The address of the running server goes over this one; it decides whether faults of the network can be made. */
  readonly exampleAddress: string;
  readonly hasSecrets: boolean;
  readonly deviations?: Readonly<Record<string, string>>;
  readonly notApplicable?: Readonly<Record<string, string>>;
  readonly largeGroupMembers?: number;
  /** Areas to leave out: those in which the system does not differ from another that is tested. */
  readonly without?: readonly CheckArea[];
  start(): Promise<RunningSystem>;
}

/** The started server. */
export interface RunningSystem {
  readonly properties: Readonly<Record<string, string>>;
  readonly secrets: Readonly<Record<string, string>>;
  stop(): Promise<void>;
}

/** A test for each check of the kit; those that do not fit are skipped, saying why. Gives the results for a table. */
export function describeConformance(tested: TestedSystem): readonly CheckResult[] {
  const results: CheckResult[] = [];
  const static_ = systemOf(
    tested,
    { [tested.samples.addressProperty ?? '']: tested.exampleAddress },
    tested.hasSecrets,
  );
  const capabilities = tested.factory.capabilities(static_.properties, 'source');
  describe(`${tested.name}: conformance`, () => {
    let running: RunningSystem;
    let run: ConformanceRun;

    beforeAll(async () => {
      running = await tested.start();
      run = new ConformanceRun({ ...systemOf(tested, running.properties, false), secrets: running.secrets });
    }, 60_000);
    afterAll(() => running?.stop());

    for (const check of CHECKS.filter(({ area }) => tested.without?.includes(area) !== true)) {
      const reason = reasonToSkip(check, static_, capabilities);
      if (reason !== undefined) {
        results.push({ ...check, status: 'skipped', text: reason, durationMs: 0 });
        it.skip(`${titleOf(check)} (${reason})`, () => undefined);
        continue;
      }
      it(
        titleOf(check),
        async () => {
          const result = await run.run(check);
          results.push(result);
          // The text first: it is what a failing test has to say.
          expect(result.status === 'failed' ? result.text : '').toBe('');
          expect(result.status).toBe(tested.deviations?.[check.id] === undefined ? 'passed' : 'deviation');
        },
        60_000,
      );
    }
    it(titleOf(SECRETS_CHECK), () => {
      const result = run.secretsLetOut();
      results.push(result);
      expect(result).toMatchObject({ status: 'passed', text: '' });
    });
    it('nothing that the checks made is left behind', async () => {
      expect(run.leftBehind).toEqual([]);
      expect(await run.sweep()).toBe(0);
    });
  });
  return results;
}

function titleOf({ rules, title }: Pick<Check, 'rules' | 'title'>): string {
  return rules.length === 0 ? title : `${rules.join(', ')}: ${title}`;
}

function systemOf(
  tested: TestedSystem,
  properties: Readonly<Record<string, string>>,
  hasSecrets: boolean,
): SystemUnderTest {
  return {
    name: tested.name,
    factory: tested.factory,
    samples: tested.samples,
    properties: { ...tested.properties, ...properties },
    secrets: hasSecrets ? { Password: 'any' } : {},
    mayWrite: true,
    largeGroupMembers: tested.largeGroupMembers ?? 40,
    deviations: tested.deviations ?? {},
    notApplicable: tested.notApplicable ?? {},
  };
}

/** Samples for systems that cannot filter by them: everything is read. */
export function unfiltered(samples: EntitySamples): EntitySamples {
  const { user, group, ...rest } = samples;
  return {
    ...rest,
    ...(user === undefined ? {} : { user: withoutFilter(user) }),
    ...(group === undefined ? {} : { group: withoutFilter(group) }),
  };
}

function withoutFilter<Sample extends { filter?: unknown }>({ filter: _, ...sample }: Sample): Omit<Sample, 'filter'> {
  return sample;
}
