import { createHash } from 'node:crypto';
import { canonicalJson } from '../../core/canonical-json.js';
import { isSealedCredential } from '../../core/edge/sealed-credential.js';
import { withoutLocation } from '../../core/edge/location.js';
import type { Connector, ConnectorMemory } from '../contract.js';
import { ConnectorError } from '../errors.js';
import type { EdgeServerDependencies } from './edge-server.js';
import type { EdgeCallMessage, EdgeSystem } from './messages.js';
import { Places } from './places.js';

/** Connections that nobody has used for so long are closed. A job that goes on then opens new ones, and a read that hung on one begins again. */
const IDLE_MS = 10 * 60_000;
/** Configurations whose memories are kept. */
const MAX_MEMORIES = 200;

/** A connector that is open in this process. */
export interface EdgeInstance {
  readonly connector: Connector;
  readonly places: Places;
  /** Of the connector: writes at a time. */
  readonly writes: Places;
  /** What has to be added to our clock to get that of the installation, and never more than that: milliseconds. */
  clockOffsetMs: number;
  inUse: number;
  usedAtMs: number;
}

/** The connectors that are open in an edge worker, by the instance of the installation that each belongs to. */
export class EdgeInstances {
  private readonly open = new Map<string, EdgeInstance>();
  private readonly memories = new Map<string, ConnectorMemory>();

  /** @param onRequest told of each single request, in the context of its call. */
  constructor(
    private readonly deps: EdgeServerDependencies,
    private readonly onRequest: () => void,
  ) {}

  /** Runs a call with its connector, which is opened for the first one. Throws ConnectorErrors. */
  async use<T>(call: EdgeCallMessage, run: (instance: EdgeInstance) => Promise<T>): Promise<T> {
    const instance = this.of(call);
    const now = this.deps.nowMs();
    instance.clockOffsetMs = Math.max(instance.clockOffsetMs, call.issuedAtMs - now);
    instance.inUse += 1;
    instance.places.add();
    try {
      return await run(instance);
    } finally {
      instance.places.remove();
      instance.inUse -= 1;
      instance.usedAtMs = this.deps.nowMs();
    }
  }

  async close(id: string): Promise<void> {
    const instance = this.open.get(id);
    this.open.delete(id);
    await instance?.connector.close();
  }

  async closeAll(): Promise<void> {
    await Promise.all([...this.open.keys()].map((id) => this.close(id)));
  }

  async sweep(): Promise<void> {
    const limit = this.deps.nowMs() - IDLE_MS;
    const idle = [...this.open].filter(([, { inUse, usedAtMs }]) => inUse === 0 && usedAtMs < limit);
    await Promise.all(idle.map(([id]) => this.close(id)));
  }

  private of(call: EdgeCallMessage): EdgeInstance {
    const known = this.open.get(call.instance);
    if (known !== undefined) return known;
    const places = new Places();
    const now = this.deps.nowMs();
    const holder: { instance?: EdgeInstance } = {};
    const clock = (): Date => new Date(this.deps.nowMs() + (holder.instance?.clockOffsetMs ?? 0));
    const connector = this.connector(call.system, clock, call.isPaced ? places : undefined);
    const writes = this.writesOf(call.system);
    const instance = { connector, places, writes, clockOffsetMs: call.issuedAtMs - now, inUse: 0, usedAtMs: now };
    holder.instance = instance;
    this.open.set(call.instance, instance);
    return instance;
  }

  private connector(system: EdgeSystem, clock: () => Date, places: Places | undefined): Connector {
    const factory = this.deps.find(system.typeName);
    if (factory === undefined) throw fatal(`the edge worker has no connector of type ${system.typeName}; update it`);
    const secrets = this.secretsOf(system);
    return factory.open({
      config: {
        properties: withoutLocation(system.properties),
        secret: (name) => secrets[name],
        secretNames: Object.keys(secrets),
      },
      clock,
      log: this.deps.log,
      guard: this.deps.guard,
      memory: this.memoryOf(system),
      pace: async (signal) => {
        this.onRequest();
        return places === undefined ? () => undefined : places.take(signal);
      },
      ...(system.limits !== undefined && { limits: system.limits }),
    });
  }

  /** The installation has more of them under way, because each takes longer to get here. */
  private writesOf({ typeName, properties }: EdgeSystem): Places {
    const writes = new Places();
    const count = this.deps.find(typeName)?.capabilities(properties, 'target').maxConcurrentWrites ?? 1;
    for (let n = 0; n < count; n += 1) writes.add();
    return writes;
  }

  private secretsOf({ secrets }: EdgeSystem): Record<string, string> {
    const opened = Object.entries(secrets).map(([name, value]): [string, string] => {
      if (!isSealedCredential(value)) return [name, value];
      const clear = this.deps.openCredential(name, value);
      if (clear === undefined)
        throw fatal(`${name} was sealed for another key or another property; seal it again with "muster edge seal"`);
      return [name, clear];
    });
    return Object.fromEntries(opened);
  }

  private memoryOf(system: EdgeSystem): ConnectorMemory {
    const name = createHash('sha256')
      .update(canonicalJson({ ...system, limits: null }))
      .digest('base64');
    const memory = this.memories.get(name) ?? new Map<string, unknown>();
    this.memories.set(name, memory);
    const [oldest] = this.memories.keys();
    if (oldest !== undefined && this.memories.size > MAX_MEMORIES) this.memories.delete(oldest);
    return memory;
  }
}

function fatal(safeMessage: string): ConnectorError {
  return new ConnectorError({ kind: 'fatal', scope: 'system', outcome: 'not-applied', safeMessage });
}
