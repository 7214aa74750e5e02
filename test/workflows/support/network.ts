import { connect, createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';

/** A port on 127.0.0.1 that nobody uses at the moment. */
export async function freePort(): Promise<number> {
  const server = createServer();
  const port = await listen(server, 0);
  await new Promise((closed) => server.close(closed));
  return port;
}

/** Everything sent to the port reaches `address` (`host:port`), until it is closed: a server that comes and goes. */
export async function forward(port: number, address: string): Promise<{ close(): void }> {
  const sockets = new Set<Socket>();
  const [host, targetPort] = address.split(':');
  const server = createServer((socket) => {
    const upstream = connect(Number(targetPort), host);
    for (const end of [socket, upstream]) {
      sockets.add(end);
      end.on('error', () => {});
      end.on('close', () => sockets.delete(end));
    }
    socket.pipe(upstream).pipe(socket);
  });
  await listen(server, port);
  return {
    close() {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}

async function listen(server: ReturnType<typeof createServer>, port: number): Promise<number> {
  await new Promise<void>((listening, failed) => {
    server.once('error', failed);
    server.listen(port, '127.0.0.1', listening);
  });
  return (server.address() as AddressInfo).port;
}
