import { ConfigError } from '../../runtime/config.js';
import type { Config } from '../../runtime/config.js';
import { DEFAULT_PORTS, isPortFree, nextFreePort } from '../../runtime/ports.js';

/** Ports that a stack would like to have. */
export type WantedPorts = Partial<Readonly<Record<PortName, number>>>;
/** What listens in a stack. */
type PortName = keyof typeof DEFAULT_PORTS;

/** How often a part moves on because somebody else took its port. */
const ATTEMPTS = 10;
const LOCAL = '127.0.0.1';

/**
 * Ports of a stack. They are chosen before anything starts; a part whose port is taken by another program before it listens
 * moves on to the next free one. A part that was ready once is started again where the others look for it.
 */
export class StackPorts {
  private constructor(
    private readonly ports: Record<PortName, number>,
    /** The address on which each listens. */
    private readonly hosts: Readonly<Record<PortName, string>>,
    private readonly fixed: ReadonlySet<PortName>,
    private readonly say: (text: string) => void,
  ) {}

  /**
   * The wanted or default ports, or the next free ones.
   * @throws ConfigError when `MUSTER_API_PORT` is set and that port is in use: somebody else relies on the number.
   */
  static async choose(config: Config, wanted: WantedPorts, say: (text: string) => void): Promise<StackPorts> {
    const { host, port, portIsConfigured } = config.api;
    const isFixed = portIsConfigured && wanted.api === undefined;
    if (isFixed && !(await isPortFree(port, host))) {
      throw new ConfigError(`MUSTER_API_PORT is ${port}, and another program uses that port of ${host}.`);
    }
    const hosts = { api: host, postgres: LOCAL, temporal: LOCAL, temporalUi: LOCAL };
    const preferred = { ...DEFAULT_PORTS, ...(portIsConfigured ? { api: port } : {}), ...wanted };
    const ports = { api: 0, postgres: 0, temporal: 0, temporalUi: 0 };
    for (const name of ['api', 'postgres', 'temporal', 'temporalUi'] as const) {
      ports[name] = await nextFreePort(preferred[name], Object.values(ports), hosts[name]);
    }
    return new StackPorts(ports, hosts, new Set(isFixed ? ['api'] : []), say);
  }

  /** The port of a part. */
  of(name: PortName): number {
    return this.ports[name];
  }

  /**
   * Runs the first `start` of a part that listens on `names`, again with other ports as long as somebody else holds one of them.
   * @throws what `start` throws when its ports are not the reason, are configured, or ten others were taken too.
   */
  async firstStart<T>(names: readonly PortName[], start: () => Promise<T>): Promise<T> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await start();
      } catch (error) {
        const lost = attempt < ATTEMPTS ? await this.lostOf(names) : [];
        if (lost.length === 0) throw error;
        for (const name of lost) await this.moveOn(name);
      }
    }
  }

  private async lostOf(names: readonly PortName[]): Promise<PortName[]> {
    const free = await Promise.all(names.map((name) => isPortFree(this.ports[name], this.hosts[name])));
    return names.filter((name, index) => free[index] === false && !this.fixed.has(name));
  }

  private async moveOn(name: PortName): Promise<void> {
    const lost = this.ports[name];
    this.ports[name] = await nextFreePort(lost + 1, Object.values(this.ports), this.hosts[name]);
    this.say(`another program took port ${lost} meanwhile: ${this.ports[name]} is used instead`);
  }
}
