import { HttpFront, type FrontAnswer, type Interference } from '../../../connectors/conformance/http-front.js';
import type { ProbeReport } from '../../../connectors/probe-report.js';
import type { JsonObject } from '../../../core/json.js';
import {
  startScimSimulator,
  type ScimSimulator,
  type ScimSimulatorOptions,
} from '../../../simulators/scim/simulator.js';
import { openScim, person } from './scim.js';

/** A simulated server of three users, with somebody before it who lies, and the probe of a connector that meets both. */
export async function startProbed(server: ScimSimulatorOptions, lie?: Interference) {
  const users = Array.from({ length: 3 }, (_, n) => person(n));
  const simulator = await startScimSimulator({ users, ...server });
  const front = await HttpFront.start(new URL(simulator.url).origin);
  front.interfere = lie;
  const { pathname } = new URL(simulator.url);
  const connector = openScim(`http://127.0.0.1:${front.port}${pathname}`, {
    properties: { 'scim.discovery': 'auto' },
    limits: { writeCancelGraceMs: 200 },
  });
  const probe = connector.probe;
  if (probe === undefined) throw new Error('the connector has no probe');
  const stop = async (): Promise<void> => {
    await connector.close();
    await front.stop();
    await simulator.stop();
  };
  return { simulator, probe, stop };
}

/** Everything that works otherwise than it should, a line each. */
export function differing(report: ProbeReport): string[] {
  return report.findings.filter(({ verdict }) => verdict === 'differs').map(({ name, found }) => `${name}: ${found}`);
}

/** What the probe made is gone. */
export function isClean(simulator: ScimSimulator, users = 3): boolean {
  const { users: there, groups } = simulator.statistics();
  return there === users && groups === 0;
}

/** An answer with another body. */
export function withBody(answer: FrontAnswer, change: (body: JsonObject) => JsonObject): FrontAnswer {
  return { ...answer, body: JSON.stringify(change(JSON.parse(answer.body) as JsonObject)) };
}

/** A body without one of its attributes. */
export function without(name: string): (body: JsonObject) => JsonObject {
  return ({ [name]: _, ...rest }) => rest;
}

/** What a server says that has done nothing. */
export const OKAY: FrontAnswer = { status: 200, headers: { 'content-type': 'application/scim+json' }, body: '{}' };
