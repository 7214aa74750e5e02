import { connect, createServer, type Socket } from 'node:net';

/** A TCP proxy that can break connections in the middle of an answer. */
export interface CuttingProxy {
  readonly port: number;
  /** Every connection there is now is destroyed after so many more bytes of answers. */
  cutAfter(bytes: number): void;
  /** Connections that were cut. */
  readonly cuts: () => number;
  readonly stop: () => Promise<void>;
}

/** Starts a proxy before a local port. */
export async function startCuttingProxy(targetPort: number): Promise<CuttingProxy> {
  const sockets = new Set<Socket>();
  const limits = new Map<Socket, number | undefined>();
  let cuts = 0;
  const server = createServer((client) => {
    const upstream = connect(targetPort, '127.0.0.1');
    sockets.add(client).add(upstream);
    limits.set(client, undefined);
    const end = (): void => {
      limits.delete(client);
      client.destroy();
      upstream.destroy();
    };
    upstream.on('data', (data) => {
      const left = limits.get(client);
      if (left === undefined || data.length < left) {
        if (left !== undefined) limits.set(client, left - data.length);
        client.write(data);
        return;
      }
      cuts += 1;
      client.write(data.subarray(0, left), end);
    });
    client.on('data', (data) => upstream.write(data));
    for (const socket of [client, upstream]) socket.on('error', end).on('close', end);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  return {
    port: typeof address === 'object' && address !== null ? address.port : 0,
    cutAfter: (bytes) => {
      for (const client of limits.keys()) limits.set(client, bytes);
    },
    cuts: () => cuts,
    stop: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
