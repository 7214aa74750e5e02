import { ConfigError } from '../../runtime/config.js';
import type { Config } from '../../runtime/config.js';
import { DEFAULT_PORTS, isPortFree, nextFreePort } from '../../runtime/ports.js';

/** Ports of a stack, chosen once: a part that is started again comes back where the others look for it. */
export interface StackPorts {
  readonly postgres: number;
  readonly temporal: number;
  readonly temporalUi: number;
  readonly api: number;
}

/**
 * The wanted or default ports, or the next free ones.
 * @throws ConfigError when `MUSTER_API_PORT` is set and that port is in use: somebody else relies on the number.
 */
export async function choosePorts(config: Config, wanted: Partial<StackPorts>): Promise<StackPorts> {
  const { host, port, portIsConfigured } = config.api;
  if (portIsConfigured && wanted.api === undefined && !(await isPortFree(port, host))) {
    throw new ConfigError(`MUSTER_API_PORT is ${port}, and another program uses that port of ${host}.`);
  }
  const taken: number[] = [];
  const choose = async (name: keyof StackPorts, preferred: number, on = '127.0.0.1'): Promise<number> => {
    const chosen = await nextFreePort(wanted[name] ?? preferred, taken, on);
    taken.push(chosen);
    return chosen;
  };
  const api = await choose('api', portIsConfigured ? port : DEFAULT_PORTS.api, host);
  const postgres = await choose('postgres', DEFAULT_PORTS.postgres);
  const temporal = await choose('temporal', DEFAULT_PORTS.temporal);
  const temporalUi = await choose('temporalUi', DEFAULT_PORTS.temporalUi);
  return { api, postgres, temporal, temporalUi };
}
