import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** An HTTP listener on 127.0.0.1 that can go away and come back on the same port. */
export class Listener {
  readonly #handler: RequestListener;
  #server: Server | undefined;
  #port: number;

  /** @param port 0 for any free port */
  constructor(handler: RequestListener, port: number) {
    this.#handler = handler;
    this.#port = port;
  }

  /** The port; known after the first {@link up}. */
  get port(): number {
    return this.#port;
  }

  /** Listens. Rejects when the port is taken. Does nothing when it listens already. */
  async up(): Promise<void> {
    if (this.#server !== undefined) return;
    // Idle connections are kept longer than any client keeps them, so that the client decides and never meets a closing socket.
    const server = createServer({ keepAliveTimeout: 120_000, requestTimeout: 0, headersTimeout: 0 }, this.#handler);
    server.listen(this.#port, '127.0.0.1');
    await once(server, 'listening');
    this.#port = (server.address() as AddressInfo).port;
    this.#server = server;
  }

  /** Cuts all connections and refuses new ones. Does nothing when it is down already. */
  async down(): Promise<void> {
    const server = this.#server;
    if (server === undefined) return;
    this.#server = undefined;
    const closed = once(server, 'close');
    server.close();
    server.closeAllConnections();
    await closed;
  }
}
