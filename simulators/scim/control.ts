import type { JsonObject } from '../../core/json.js';
import { applyEvolution, type Evolution } from '../evolution.js';
import { generatePopulation, personAt } from '../population.js';
import type { FaultRule } from './faults.js';
import type { HiddenFrom } from './hidden-entities.js';
import type { JournalRecord, KeyCounts } from './journal.js';
import type { LatencyOptions } from './latency.js';
import type { DriftTrace } from './page-hooks.js';
import type { ScimResourceType } from './scim-model.js';
import type { ScimSimulator, SimulatorStatistics } from './simulator.js';
import type { AddOptions, StoreSnapshot } from './store.js';

/**
 * What can be done to a simulator from outside. {@link localControl} and {@link remoteControl} give the same, so that a test or
 * benchmark need not know whether the simulator runs in its process. Rejects with the simulator's message when a call is refused.
 */
export interface ScimSimulatorControl {
  statistics(): Promise<SimulatorStatistics>;
  reset(options?: { keepStore?: boolean }): Promise<void>;
  down(): Promise<void>;
  up(): Promise<void>;
  expireTokens(): Promise<void>;
  setLatency(options: LatencyOptions): Promise<void>;
  setClockSkewMs(skewMs: number): Promise<void>;
  /** Arms a fault; the number disarms it. */
  armFault(rule: FaultRule): Promise<number>;
  disarmFault(id: number): Promise<void>;
  clearFaults(): Promise<void>;
  /** The server has these entities and does not tell of them. */
  hide(type: ScimResourceType, ids: readonly string[], from: HiddenFrom): Promise<void>;
  /** Everything is seen again. */
  showAll(): Promise<void>;
  /** Arms the trace that defeats naive paging; ask {@link driftTrace} later. */
  armPagingDrift(options: { page?: number; pageSizeEntities: number; joiner: JsonObject }): Promise<void>;
  /** What the drift armed last did; null as long as it has not happened. */
  driftTrace(): Promise<DriftTrace | null>;
  /** Sequence number of the newest request. */
  journalMark(): Promise<number>;
  journalSince(mark: number): Promise<JournalRecord[]>;
  writesSince(mark: number): Promise<JournalRecord[]>;
  createsPerKey(): Promise<Record<string, KeyCounts>>;
  /** Keeps the bodies of writes in the journal from now on, or no longer. */
  keepBodies(isKept: boolean): Promise<void>;
  add(type: ScimResourceType, content: JsonObject, options?: AddOptions): Promise<string>;
  update(type: ScimResourceType, id: string, change: JsonObject): Promise<void>;
  remove(type: ScimResourceType, id: string): Promise<boolean>;
  get(type: ScimResourceType, id: string): Promise<JsonObject | null>;
  find(type: ScimResourceType, attribute: string, value: string): Promise<JsonObject[]>;
  snapshot(): Promise<StoreSnapshot>;
  /** Adds a generated population on the spot: one million people need not travel. */
  populate(options: { people: number; groups: number; seed: number }): Promise<void>;
  evolve(evolution: Evolution): Promise<void>;
}

export type ControlName = keyof ScimSimulatorControl;

type Commands = { [Name in ControlName]: (...given: Parameters<ScimSimulatorControl[Name]>) => unknown };

/** People above which {@link ScimSimulatorControl.populate} makes them one by one, to save memory. */
const STREAM_ABOVE = 50_000;

/** The commands on a simulator of this process. Results are as JSON takes them. */
function commandsOf(simulator: ScimSimulator): Commands {
  const { store, journal, faults, hidden } = simulator;
  let drift: { trace: DriftTrace | undefined } | undefined;
  return {
    statistics: () => simulator.statistics(),
    reset: (options) => simulator.reset(options),
    down: () => simulator.down(),
    up: () => simulator.up(),
    expireTokens: () => simulator.expireTokens(),
    setLatency: (options) => simulator.latency.set(options),
    setClockSkewMs: (skewMs) => simulator.setClockSkewMs(skewMs),
    armFault: (rule) => faults.arm(rule),
    disarmFault: (id) => faults.disarm(id),
    clearFaults: () => faults.clear(),
    hide: (type, ids, from) => hidden.hide(type, ids, from),
    showAll: () => hidden.clear(),
    armPagingDrift: (options) => {
      drift = simulator.armPagingDrift(options);
    },
    driftTrace: () => drift?.trace ?? null,
    journalMark: () => journal.mark(),
    journalSince: (mark) => journal.since(mark),
    writesSince: (mark) => journal.writesSince(mark),
    createsPerKey: () => Object.fromEntries(journal.createsPerKey()),
    keepBodies: (isKept) => {
      journal.keepBodies = isKept;
    },
    add: (type, content, options) => store.add(type, content, options),
    update: (type, id, change) => store.update(type, id, change),
    remove: (type, id) => store.remove(type, id),
    get: (type, id) => store.get(type, id) ?? null,
    find: (type, attribute, value) => store.find(type, attribute, value),
    snapshot: () => store.snapshot(),
    populate: (options) => populate(simulator, options),
    evolve: (evolution) => applyEvolution(store, evolution),
  };
}

function populate(simulator: ScimSimulator, options: { people: number; groups: number; seed: number }): void {
  if (options.people <= STREAM_ABOVE) {
    const { people, groups } = generatePopulation(options);
    simulator.store.addMany('User', people);
    simulator.store.addMany('Group', groups);
    return;
  }
  if (options.groups > 0) throw new RangeError(`groups can be made for at most ${STREAM_ABOVE} people`);
  simulator.store.addMany('User', peopleOneByOne(options.people, options.seed));
}

function* peopleOneByOne(count: number, seed: number): Generator<JsonObject> {
  for (let number = 0; number < count; number += 1) yield personAt(number, seed);
}

/** Runs one command by its name; throws RangeError for a name that is none. Used by the control channel. */
export function commandRunner(simulator: ScimSimulator): (name: string, given: readonly unknown[]) => Promise<unknown> {
  const commands: Record<string, (...given: never[]) => unknown> = commandsOf(simulator);
  return async (name, given) => {
    const command = Object.hasOwn(commands, name) ? commands[name] : undefined;
    if (command === undefined)
      throw new RangeError(`unknown command "${name}"; known are ${Object.keys(commands).join(', ')}`);
    // The client on the other side is typed by the same interface, so the arguments are those of the command.
    return command(...(given as never[]));
  };
}

/** The control of a simulator in this process. */
export function localControl(simulator: ScimSimulator): ScimSimulatorControl {
  return controlOver(commandRunner(simulator));
}

/**
 * The control of a simulator in another process.
 *
 * @param controlUrl address that the process announced, such as `http://127.0.0.1:40124/_control`
 */
export function remoteControl(controlUrl: string): ScimSimulatorControl {
  return controlOver(async (name, given) => {
    const response = await fetch(`${controlUrl}/${name}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(given),
    });
    const answer: unknown = await response.json();
    if (!response.ok) throw new Error(`simulator: ${name}: ${messageOf(answer)}`);
    return typeof answer === 'object' && answer !== null && 'result' in answer ? answer.result : undefined;
  });
}

const NAMES: readonly ControlName[] = [
  'statistics',
  'reset',
  'down',
  'up',
  'expireTokens',
  'setLatency',
  'setClockSkewMs',
  'armFault',
  'disarmFault',
  'clearFaults',
  'hide',
  'showAll',
  'armPagingDrift',
  'driftTrace',
  'journalMark',
  'journalSince',
  'writesSince',
  'createsPerKey',
  'keepBodies',
  'add',
  'update',
  'remove',
  'get',
  'find',
  'snapshot',
  'populate',
  'evolve',
];

/** Both sides are this file, so results need no check: the one place where the type is asserted. */
function controlOver(send: (name: string, given: readonly unknown[]) => Promise<unknown>): ScimSimulatorControl {
  const methods = NAMES.map((name) => [name, (...given: unknown[]) => send(name, given)] as const);
  return Object.fromEntries(methods) as unknown as ScimSimulatorControl;
}

function messageOf(answer: unknown): string {
  return typeof answer === 'object' && answer !== null && 'error' in answer ? String(answer.error) : 'no message';
}
