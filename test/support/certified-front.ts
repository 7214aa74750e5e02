import { readFileSync } from 'node:fs';
import { request as httpRequest } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { TLSSocket } from 'node:tls';

const fixture = (name: string): string =>
  readFileSync(new URL(`../connectors/tls-fixtures/${name}`, import.meta.url), 'utf8');

/** PEM of the authority that the front's own certificate is of. */
export const FRONT_AUTHORITY = fixture('ca.crt');

/** A request that came through. */
export interface CertifiedRequest {
  readonly method: string;
  readonly path: string;
  /** SHA-256 of the certificate that its connection was opened with; empty: it brought none. */
  readonly fingerprint: string;
  readonly authorization: string | undefined;
  readonly body: string;
}

export interface FrontOptions {
  /** Who is let in: certificates of this authority (PEM). Absent: a certificate is asked for and not required. */
  readonly trusts?: string;
  /** Newest version of TLS that it speaks. */
  readonly maxVersion?: 'TLSv1.2' | 'TLSv1.3';
}

/** A TLS server that demands a client certificate and hands what it gets to a server without TLS. */
export class CertifiedFront {
  /** Requests in the order they came. */
  readonly seen: CertifiedRequest[] = [];
  /** Each answer ends its connection, so that the next request opens a new one. */
  endsConnections = false;
  /** Passed before a request is handed on. */
  before: (request: CertifiedRequest) => Promise<void> = () => Promise.resolve();

  private constructor(
    private readonly server: Server,
    private readonly origin: URL,
  ) {}

  static async start(origin: string, { trusts, maxVersion }: FrontOptions = {}): Promise<CertifiedFront> {
    const server = createServer({
      key: fixture('server.key'),
      cert: fixture('valid.crt'),
      requestCert: true,
      rejectUnauthorized: trusts !== undefined,
      ...(trusts !== undefined && { ca: trusts }),
      ...(maxVersion !== undefined && { maxVersion }),
    });
    const front = new CertifiedFront(server, new URL(origin));
    server.on('request', (incoming: IncomingMessage, answer: ServerResponse) => void front.answer(incoming, answer));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return front;
  }

  /** Address of the front with a path of the server behind it. */
  url(path: string): string {
    return `https://127.0.0.1:${(this.server.address() as AddressInfo).port}${path}`;
  }

  /** Certificates that were used, each once, in the order they came first. */
  get fingerprints(): string[] {
    return [...new Set(this.seen.map(({ fingerprint }) => fingerprint))];
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private async answer(incoming: IncomingMessage, answer: ServerResponse): Promise<void> {
    const { method = '', url: path = '', headers } = incoming;
    const chunks: Buffer[] = [];
    for await (const chunk of incoming) chunks.push(Buffer.from(chunk));
    const body = Buffer.concat(chunks).toString('utf8');
    const { authorization } = headers;
    const request = { method, path, fingerprint: fingerprintOf(incoming), authorization, body };
    this.seen.push(request);
    await this.before(request);
    const forwarded = httpRequest(new URL(path, this.origin), { method, headers }, (from) => {
      const connection = this.endsConnections ? { connection: 'close' } : {};
      answer.writeHead(from.statusCode ?? 502, { ...from.headers, ...connection });
      from.pipe(answer);
    });
    forwarded.on('error', () => answer.writeHead(502).end());
    forwarded.end(body);
  }
}

/** A session that was taken up again tells the certificate of the connection it began with. */
function fingerprintOf({ socket }: IncomingMessage): string {
  if (!(socket instanceof TLSSocket)) throw new Error('a connection without TLS');
  return socket.getPeerCertificate().fingerprint256 ?? '';
}
