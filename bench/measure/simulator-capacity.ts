import { connect } from 'node:net';
import type { JsonObject } from '../../core/json.js';

/** Connections that keep the server busy: with pipelining a few are enough, and the client costs next to nothing. */
const CONNECTIONS = 4;

/** Entities per second that a server delivers page by page when asked without pause. */
export async function readingCapacity(
  url: string,
  options: { readonly pages: number; readonly pageSizeEntities: number; readonly entities: number },
): Promise<number> {
  const { pages, pageSizeEntities, entities } = options;
  const known = Math.max(1, Math.floor(entities / pageSizeEntities));
  const { host, pathname } = new URL(url);
  const requests = Array.from({ length: pages }, (_, place) => {
    const startIndex = (place % known) * pageSizeEntities + 1;
    return `GET ${pathname}/Users?startIndex=${startIndex}&count=${pageSizeEntities} HTTP/1.1\r\nhost: ${host}\r\n\r\n`;
  });
  return (await answersPerSecond(url, requests)) * Math.min(pageSizeEntities, entities);
}

/** Creates per second that a server carries out when asked without pause. */
export async function writingCapacity(url: string, bodies: readonly JsonObject[]): Promise<number> {
  const { host, pathname } = new URL(url);
  const requests = bodies.map((body) => {
    const text = JSON.stringify(body);
    const head = `POST ${pathname}/Users HTTP/1.1\r\nhost: ${host}\r\ncontent-type: application/scim+json\r\n`;
    return `${head}content-length: ${Buffer.byteLength(text)}\r\n\r\n${text}`;
  });
  return answersPerSecond(url, requests);
}

async function answersPerSecond(url: string, requests: readonly string[]): Promise<number> {
  const share = Math.ceil(requests.length / CONNECTIONS);
  const shares = Array.from({ length: CONNECTIONS }, (_, place) => requests.slice(place * share, (place + 1) * share));
  const startedAt = performance.now();
  await Promise.all(shares.map((own) => pipeline(url, own)));
  return (requests.length / (performance.now() - startedAt)) * 1_000;
}

const STATUS_LINE = Buffer.from('HTTP/1.1 2');
/** Requests sent and not answered yet: enough that the server never waits, not so many that it holds them all in memory. */
const WINDOW = 64;

/** Sends requests over one connection without waiting for their answers, which are counted by their status lines. */
function pipeline(url: string, requests: readonly string[]): Promise<void> {
  if (requests.length === 0) return Promise.resolve();
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), hostname);
    let sent = 0;
    let answered = 0;
    let rest = Buffer.alloc(0);
    const send = (): void => {
      const until = Math.min(requests.length, answered + WINDOW);
      if (until > sent) socket.write(requests.slice(sent, until).join(''));
      sent = until;
    };
    socket.on('connect', send);
    socket.on('data', (chunk) => {
      const text = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
      for (let at = text.indexOf(STATUS_LINE); at >= 0; at = text.indexOf(STATUS_LINE, at + 1)) answered += 1;
      rest = text.subarray(Math.max(0, text.length - STATUS_LINE.length + 1));
      if (answered < requests.length) return send();
      // The body of the last answer may still be under way; its status line tells that the work is done.
      socket.destroy();
      resolve();
    });
    socket.on('error', reject);
    socket.on('close', () => reject(new Error(`the simulator closed the connection after ${answered} answers`)));
  });
}
