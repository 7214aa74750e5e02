import type { IncomingMessage, ServerResponse } from 'node:http';
import { commandRunner } from './control.js';
import { readBody, send } from './exchange.js';
import { Listener } from './listener.js';
import type { ScimSimulator } from './simulator.js';

/** Path of the control channel. */
export const CONTROL_PATH = '/_control';

/** A control channel that listens. */
export interface ControlServer {
  /** To be given to `remoteControl`. */
  readonly url: string;
  stop(): Promise<void>;
}

/**
 * Opens the control channel of a simulator: `POST /_control/<command>` with the arguments as a JSON array. It has a port of its own,
 * because a simulator that is down must still be told to come up, and so that it does not count among the requests.
 */
export async function startControlServer(simulator: ScimSimulator): Promise<ControlServer> {
  const run = commandRunner(simulator);
  const listener = new Listener((request: IncomingMessage, response: ServerResponse) => {
    readBody(request, (body) => {
      if (body !== undefined) void answer(request.url ?? '', body, response);
    });
  }, 0);

  async function answer(path: string, body: string, response: ServerResponse): Promise<void> {
    try {
      if (!path.startsWith(`${CONTROL_PATH}/`))
        throw new RangeError(`the control channel is at ${CONTROL_PATH}/<command>`);
      const given: unknown = JSON.parse(body === '' ? '[]' : body);
      if (!Array.isArray(given)) throw new TypeError('the body must be a JSON array of arguments');
      const result = (await run(path.slice(CONTROL_PATH.length + 1), given)) ?? null;
      send(response, { status: 200, body: JSON.stringify({ result }) }, 'application/json', undefined);
    } catch (error) {
      const text = error instanceof Error ? error.message : String(error);
      send(response, { status: 400, body: JSON.stringify({ error: text }) }, 'application/json', undefined);
    }
  }

  await listener.up();
  return { url: `http://127.0.0.1:${listener.port}${CONTROL_PATH}`, stop: () => listener.down() };
}
