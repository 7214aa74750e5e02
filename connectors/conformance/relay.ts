import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

/** What a relay does with the bytes of the back end. */
export type RelayMode =
  | { readonly kind: 'pass' }
  /** The request arrives, the answer never does. */
  | { readonly kind: 'silence' }
  /** The request arrives; the connection is cut after so many bytes of the answer. */
  | { readonly kind: 'cut'; readonly afterBytes: number };

/** A way of the network between connector and back end, of any protocol without TLS, that can go wrong. */
export class Relay {
  /** Connections that were opened to it. */
  connections = 0;
  /** Bytes that went to the back end. */
  bytesSent = 0;
  private current: RelayMode = { kind: 'pass' };
  private answered = 0;
  private readonly sockets = new Set<Socket>();

  private constructor(
    private readonly server: Server,
    private readonly target: { readonly host: string; readonly port: number },
  ) {
    server.on('connection', (socket) => this.serve(socket));
  }

  /** Listens on a free port of the loopback interface. */
  static async start(target: { readonly host: string; readonly port: number }): Promise<Relay> {
    const relay = new Relay(createServer(), target);
    relay.server.listen(0, '127.0.0.1');
    await once(relay.server, 'listening');
    return relay;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  /** From now on, for connections that are open as well. */
  set mode(mode: RelayMode) {
    this.current = mode;
    this.answered = 0;
  }

  async stop(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    const closed = once(this.server, 'close');
    this.server.close();
    await closed;
  }

  private serve(client: Socket): void {
    this.connections += 1;
    const upstream = connect(this.target);
    const end = (): void => {
      client.destroy();
      upstream.destroy();
    };
    for (const socket of [client, upstream]) {
      this.sockets.add(socket);
      socket
        .on('error', () => socket.destroy())
        .on('close', () => {
          this.sockets.delete(socket);
          // A server that hangs up after its answer must not break the silence.
          if (socket === client || this.current.kind !== 'silence') end();
        });
    }
    client.on('data', (bytes) => {
      this.bytesSent += bytes.length;
      upstream.write(bytes);
    });
    upstream.on('data', (bytes) => this.answer(client, bytes, end));
  }

  private answer(client: Socket, bytes: Buffer, end: () => void): void {
    const mode = this.current;
    if (mode.kind === 'silence') return;
    if (mode.kind === 'pass') return void client.write(bytes);
    const left = mode.afterBytes - this.answered;
    this.answered += bytes.length;
    if (bytes.length < left) return void client.write(bytes);
    if (left > 0) client.write(bytes.subarray(0, left), end);
    else end();
  }
}
