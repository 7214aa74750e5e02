import { once } from 'node:events';
import { createServer, request as sendRequest } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';

const WRITES: readonly (string | undefined)[] = ['POST', 'PUT', 'PATCH', 'DELETE'];

/** A proxy in front of a server that keeps no journal itself. */
export interface RecordingProxy {
  /** The address of the server, reached through the proxy. */
  readonly url: string;
  /** Number of writing requests that came through so far. */
  writes(): number;
  /** Lets each writing request wait so many milliseconds before it is passed on. */
  setWriteLatencyMs(latencyMs: number): void;
  stop(): Promise<void>;
}

/** Passes requests on to the server of `url` as they are, on a free port of 127.0.0.1. */
export async function startRecordingProxy(url: string): Promise<RecordingProxy> {
  const upstream = new URL(url);
  let writes = 0;
  let writeLatencyMs = 0;

  const forward = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    if (WRITES.includes(request.method)) {
      writes += 1;
      if (writeLatencyMs > 0) await pause(writeLatencyMs);
    }
    const onward = sendRequest(new URL(request.url ?? '/', upstream), {
      method: request.method,
      headers: { ...request.headers, host: upstream.host },
    });
    onward.on('response', (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    });
    // Whoever waits sees a cut connection, as without the proxy.
    onward.on('error', () => response.destroy());
    request.pipe(onward);
  };
  const server = createServer({ keepAliveTimeout: 120_000 }, (request, response) => void forward(request, response));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}${upstream.pathname}`,
    writes: () => writes,
    setWriteLatencyMs: (latencyMs) => (writeLatencyMs = latencyMs),
    stop: async () => {
      server.close();
      server.closeAllConnections();
      if (server.listening) await once(server, 'close');
    },
  };
}
