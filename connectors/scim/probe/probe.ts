import { setTimeout as sleep } from 'node:timers/promises';
import type { ProbeOptions, ProbeReport } from '../../probe-report.js';
import { ConnectorError } from '../../errors.js';
import type { Discovery } from '../discovery.js';
import type { ScimHttp } from '../scim-http.js';
import type { ScimReader } from '../scim-reader.js';
import { Findings } from './findings.js';
import { probeReading, type ProbeContext } from './reading.js';
import { probeName, TestEntities } from './test-entities.js';
import { probeGroupWriting } from './writing-group.js';
import { probeUserWriting } from './writing-user.js';

/** What the probe works with. */
export interface ProbeParts {
  readonly http: ScimHttp;
  readonly reader: ScimReader;
  readonly discovery: Discovery;
  /** Uniform in [0, 1). */
  readonly random?: () => number;
}

/**
 * Finds out what a SCIM server really does against what its ServiceProviderConfig says. Servers lie, so what counts is what is there
 * afterwards, not the answer. With `mayWrite` one user and one group are made, changed and removed again, whatever happens in between.
 * Throws what makes all else pointless: `auth`, `cancelled`, a server that is away.
 */
export async function probeScim(parts: ProbeParts, options: ProbeOptions): Promise<ProbeReport> {
  const findings = new Findings();
  const { http, reader, discovery } = parts;
  const features = await discovery.features(options.signal);
  const context: ProbeContext = { http, features, findings, signal: options.signal };
  if (!options.mayWrite) {
    await probeReading(context);
    return { findings: findings.all, suggestedProfile: findings.profile, removedLeftovers: 0, leftBehind: [] };
  }
  const entities = new TestEntities(http, reader, options.signal);
  const name = probeName(parts.random ?? Math.random);
  let removedLeftovers = 0;
  let leftBehind: string[];
  try {
    await findings.attempt('leftovers', async () => {
      removedLeftovers = await entities.sweep();
    });
    const writing = { ...context, entities, name, wait: (ms: number) => pause(ms, options.signal) };
    const userId = await attempted(findings, 'user: create', () => probeUserWriting(writing));
    await probeReading(context);
    if (userId !== undefined) {
      await findings.attempt('group: create', () => probeGroupWriting(writing, userId));
      await findings.attempt('user: delete', () => deletion(findings, entities, userId));
    }
  } finally {
    leftBehind = await entities.cleanUp();
  }
  return { findings: findings.all, suggestedProfile: findings.profile, removedLeftovers, leftBehind };
}

async function deletion(findings: Findings, entities: TestEntities, id: string): Promise<void> {
  const first = await entities.remove('user', id);
  const second = await entities.remove('user', id);
  const found = `${first.status}, then ${second.status}`;
  if (first.status < 300 && second.status === 404) return findings.works('user: delete', found);
  findings.differs('user: delete', found, 'Only 404 counts as "gone already".');
}

async function attempted<T>(findings: Findings, name: string, action: () => Promise<T>): Promise<T | undefined> {
  let result: T | undefined;
  await findings.attempt(name, async () => {
    result = await action();
  });
  return result;
}

async function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  try {
    await sleep(ms, undefined, signal === undefined ? {} : { signal });
  } catch {
    const safeMessage = 'probe: stopped';
    throw new ConnectorError({ kind: 'cancelled', scope: 'system', outcome: 'not-applied', safeMessage });
  }
}
