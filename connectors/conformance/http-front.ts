import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { request as send } from 'undici';

/** An answer of the back end, or one in its place. */
export interface FrontAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** Gives an answer of its own, or asks the back end and may change what it says. */
export type Interference = (
  request: FrontRequest,
  /** Asks the back end, with what is given in place of what the connector sent. */
  forward: (changed?: Partial<Pick<FrontRequest, 'path' | 'body'>>) => Promise<FrontAnswer>,
) => Promise<FrontAnswer> | FrontAnswer;

/** A request of the connector. */
export interface FrontRequest {
  readonly method: string;
  /** With query. */
  readonly path: string;
  readonly body: string;
  /** The header; empty where there is none. */
  readonly authorization: string;
}

/** Headers that belong to one connection, or that no longer fit a body that was read. */
const OF_THE_CONNECTION = new Set([
  'connection',
  'keep-alive',
  'transfer-encoding',
  'content-length',
  'content-encoding',
  'accept-encoding',
  'host',
]);

/** A web server before the back end that can answer in its place. */
export class HttpFront {
  /** Requests so far. */
  requests = 0;
  /** Undefined: everything is passed on. */
  interfere: Interference | undefined;

  private constructor(
    private readonly server: Server,
    private readonly origin: string,
  ) {
    server.on('request', (request, response) => void this.serve(request, response));
  }

  static async start(origin: string): Promise<HttpFront> {
    const front = new HttpFront(createServer(), origin);
    front.server.listen(0, '127.0.0.1');
    await once(front.server, 'listening');
    return front;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  async stop(): Promise<void> {
    const closed = once(this.server, 'close');
    this.server.close();
    this.server.closeAllConnections();
    await closed;
  }

  private async serve(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    this.requests += 1;
    try {
      const body = await bodyOf(incoming);
      const asked = {
        method: incoming.method ?? 'GET',
        path: incoming.url ?? '/',
        body,
        authorization: incoming.headers.authorization ?? '',
      };
      const forward: Parameters<Interference>[1] = (changed) =>
        this.forward({ ...asked, ...changed }, incoming.headers);
      const answer = this.interfere === undefined ? await forward() : await this.interfere(asked, forward);
      response.writeHead(answer.status, answer.headers).end(answer.body);
    } catch {
      response.destroy();
    }
  }

  private async forward(
    { method, path, body }: FrontRequest,
    headers: IncomingMessage['headers'],
  ): Promise<FrontAnswer> {
    const answer = await send(this.origin + path, {
      method,
      headers: withoutConnection(headers),
      body: body === '' ? null : body,
    });
    const text = await answer.body.text();
    return { status: answer.statusCode, headers: withoutConnection(answer.headers), body: text };
  }
}

async function bodyOf(incoming: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}

function withoutConnection(headers: Readonly<Record<string, string | string[] | undefined>>): Record<string, string> {
  const kept: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (value === undefined || OF_THE_CONNECTION.has(name)) continue;
    kept[name] = Array.isArray(value) ? value.join(', ') : value;
  }
  return kept;
}
