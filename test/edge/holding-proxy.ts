import { connect, createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';

/** What a proxy does with what begins with, or contains, a text. */
export type Hold = 'request' | 'answer';

/** A TCP proxy that keeps a request, or the answer to it, to itself. */
export interface HoldingProxy {
  readonly port: number;
  /** Keeps the next request that contains the text (and does not send it on), or the answer to it. Resolves when it has it. */
  hold(what: Hold, text: string): Promise<void>;
  /** Sends on what is kept, and everything from now on. */
  release(): void;
  /** What is kept is lost; everything new passes. */
  drop(): void;
  stop(): Promise<void>;
}

/** Starts a proxy before a local port. */
export async function startHoldingProxy(targetPort: number): Promise<HoldingProxy> {
  const sockets = new Set<Socket>();
  let wanted: { readonly what: Hold; readonly text: string; readonly held: () => void } | undefined;
  let kept: (() => void)[] = [];
  const server = createServer((client) => {
    const upstream = connect(targetPort, '127.0.0.1');
    let holds: Hold | undefined;
    const end = (): void => {
      client.destroy();
      upstream.destroy();
    };
    for (const socket of [client, upstream]) sockets.add(socket.on('error', end).on('close', end));
    client.on('data', (data) => {
      if (wanted !== undefined && data.includes(wanted.text)) {
        holds = wanted.what;
        const { held } = wanted;
        if (holds === 'request') {
          wanted = undefined;
          kept.push(() => void upstream.write(data));
          return held();
        }
      }
      upstream.write(data);
    });
    upstream.on('data', (data) => {
      if (holds !== 'answer') return void client.write(data);
      kept.push(() => void client.write(data));
      const held = wanted?.held;
      wanted = undefined;
      held?.();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    hold: (what, text) => new Promise((held) => (wanted = { what, text, held })),
    release: () => {
      for (const send of kept) send();
      kept = [];
    },
    drop: () => void (kept = []),
    stop: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
