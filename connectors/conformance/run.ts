import { isConnectorError } from '../errors.js';
import type { Capabilities, Connector } from '../contract.js';
import type { EntityType } from '../../core/entity-type.js';
import { reasonToSkip, type Check } from './check.js';
import { CHECKS } from './checks/index.js';
import { valueAt } from './json-pointer.js';
import { isMarked, newMark } from './samples.js';
import type { CheckResult, SystemUnderTest } from './system-under-test.js';
import { Finding, Recorder, Trial } from './trial.js';

/** Pages that the sweep reads at most: it is for what a crash has left, not for large systems. */
const SWEEP_PAGES = 50;
/** Shorter texts occur everywhere by chance. */
const SHORTEST_SECRET = 4;

/** The check on everything that was let out by the others; always the last. */
export const SECRETS_CHECK = {
  id: 'no-secrets-let-out',
  rules: ['CONN-TCK-23', 'CONN-CORE-09', 'CONN-CORE-76'],
  title: 'no credential and no value of an entity occurs in a message, log line, position or mark',
} as const;

/** A run of checks against one system. */
export class ConformanceRun {
  readonly capabilities: Capabilities;
  private readonly recorder = new Recorder();
  private readonly marks: string[] = [];
  private readonly left: string[] = [];

  constructor(
    private readonly system: SystemUnderTest,
    private readonly random: () => number = Math.random,
  ) {
    this.capabilities = system.factory.capabilities(system.properties, 'source');
  }

  /** Runs one check; the result is never a throw. */
  async run(check: Check): Promise<CheckResult> {
    const { id, rules, title } = check;
    const started = performance.now();
    const result = (status: CheckResult['status'], text: string): CheckResult => {
      return { id, rules, title, status, text, durationMs: Math.round(performance.now() - started) };
    };
    const reason = reasonToSkip(check, this.system, this.capabilities);
    if (reason !== undefined) return result('skipped', reason);
    const finding = await this.findingOf(check);
    const deviation = this.system.deviations[id];
    if (finding === undefined && deviation === undefined) return result('passed', '');
    if (finding === undefined)
      return result('failed', 'passes, although it is listed as a deviation: take it off the list');
    return deviation === undefined ? result('failed', finding) : result('deviation', `${finding}. ${deviation}`);
  }

  /** Looks for credentials and marks in everything that was recorded so far. */
  secretsLetOut(): CheckResult {
    const sought = [...this.marks, ...Object.values(this.system.secrets).flatMap((secret) => secret.split(' '))];
    const found = sought.filter(
      (secret) => secret.length >= SHORTEST_SECRET && this.recorder.texts.some((text) => text.includes(secret)),
    );
    const status = found.length === 0 ? 'passed' : 'failed';
    const place = this.recorder.texts.find((text) => found.some((secret) => text.includes(secret))) ?? '';
    const text =
      found.length === 0 ? '' : `found in: ${found.reduce((shown, secret) => shown.replaceAll(secret, '…'), place)}`;
    return { ...SECRETS_CHECK, status, text, durationMs: 0 };
  }

  /** Entities that could not be removed again, one line each. */
  get leftBehind(): readonly string[] {
    return this.left;
  }

  /** Removes what an earlier run that was killed has left. Gives the number; throws what reading throws. */
  async sweep(): Promise<number> {
    if (!this.system.mayWrite) return 0;
    const trial = this.trial('');
    try {
      const users = await sweepType(trial.connector, this.system, 'user');
      return users + (await sweepType(trial.connector, this.system, 'group'));
    } finally {
      await trial.cleanUp();
    }
  }

  private async findingOf(check: Check): Promise<string | undefined> {
    const mark = newMark(this.random);
    this.marks.push(mark);
    const trial = this.trial(mark);
    try {
      await check.run(trial);
      return undefined;
    } catch (error) {
      return describe(error, this.recorder);
    } finally {
      this.left.push(...(await trial.cleanUp()));
    }
  }

  private trial(mark: string): Trial {
    return new Trial(this.system, this.capabilities, mark, this.recorder);
  }
}

/** All checks one after the other. */
export async function runConformance(
  system: SystemUnderTest,
  options: { readonly only?: readonly string[]; onResult?(result: CheckResult): void } = {},
): Promise<{ readonly results: readonly CheckResult[]; readonly leftBehind: readonly string[] }> {
  const run = new ConformanceRun(system);
  const results: CheckResult[] = [];
  const add = (result: CheckResult): void => {
    results.push(result);
    options.onResult?.(result);
  };
  await run.sweep();
  for (const check of CHECKS.filter(({ id }) => options.only?.includes(id) ?? true)) add(await run.run(check));
  add(run.secretsLetOut());
  return { results, leftBehind: run.leftBehind };
}

function describe(error: unknown, recorder: Recorder): string {
  if (error instanceof Finding) return error.message;
  if (isConnectorError(error)) {
    recorder.note(error.safeMessage, error.adminMessage);
    return `${error.kind}: ${error.adminMessage}`;
  }
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

async function sweepType(connector: Connector, system: SystemUnderTest, type: EntityType): Promise<number> {
  const sample = type === 'user' ? system.samples.user : system.samples.group;
  if (sample === undefined) return 0;
  const marked: string[] = [];
  let page = await connector.readPage({ type, mode: 'full', cursor: null });
  for (let pages = 1; ; pages++) {
    marked.push(...page.items.filter(({ body }) => isMarked(valueAt(body, sample.name))).map(({ id }) => id));
    if (page.next === null || pages >= SWEEP_PAGES) break;
    page = await connector.readPage({ type, mode: 'full', cursor: page.next });
  }
  for (const id of marked) await connector.delete(type, id, {});
  return marked.length;
}
