import { createServer, type Socket } from 'node:net';
import { BerReader, BerWriter } from 'ldapts';

const OPERATION = { bind: 0x60, unbind: 0x42, search: 0x63, abandon: 0x50 } as const;

/** A search as the stub sees it. */
export interface StubSearch {
  readonly base: string;
  /** Number of the search over all connections, root DSE and schema left out, from 0. */
  readonly no: number;
  /** Of its paging control; 0 without one. */
  readonly pageSize: number;
  readonly socket: Socket;
}

/** One answer: entries with attribute values, then the result. */
export interface StubAnswer {
  readonly entries?: readonly {
    readonly dn: string;
    readonly attributes: Readonly<Record<string, readonly string[]>>;
  }[];
  readonly code?: number;
  readonly diagnostic?: string;
  /** Value of the paging control of the answer; absent: no control. */
  readonly cookie?: string;
  readonly references?: readonly string[];
}

/** What the stub does with a search: an answer, bytes of its own making, or silence. */
export type StubBehaviour = (search: StubSearch) => StubAnswer | Buffer | undefined;

/** A server that speaks just enough LDAP to lie. */
export interface LdapStub {
  readonly url: string;
  /** Binds and searches that have arrived. */
  readonly binds: () => number;
  readonly stop: () => Promise<void>;
}

/** Starts a server that binds anybody and answers searches as told. */
export async function startLdapStub(
  behaviour: StubBehaviour,
  rootDse: Readonly<Record<string, readonly string[]>> = {},
): Promise<LdapStub> {
  const sockets = new Set<Socket>();
  let searches = 0;
  let binds = 0;
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('data', (data) => {
      for (const { id, operation, base, pageSize } of requestsIn(data)) {
        if (operation === OPERATION.bind) {
          binds += 1;
          socket.write(result(id, 0x61, { code: 0 }));
        } else if (operation === OPERATION.search) {
          const answer =
            base === ''
              ? { entries: [{ dn: '', attributes: rootDse }] }
              : behaviour({ base, no: searches++, pageSize, socket });
          if (answer !== undefined) socket.write(Buffer.isBuffer(answer) ? answer : answered(id, answer));
        }
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return {
    url: `ldap://127.0.0.1:${port}`,
    binds: () => binds,
    stop: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

const PAGING = Buffer.from('1.2.840.113556.1.4.319');

/** The control is the last thing in a message; its value (RFC 2696) is a sequence of a number and a cookie. */
function pageSizeIn(message: Buffer): number {
  const at = message.indexOf(PAGING);
  if (at < 0) return 0;
  const reader = new BerReader(message.subarray(at + PAGING.length));
  if (reader.peek() === 0x01) reader.readBoolean();
  const value = new BerReader(reader.readString(0x04, true) ?? Buffer.alloc(0));
  value.readSequence();
  return value.readInt() ?? 0;
}

function* requestsIn(data: Buffer): Iterable<{ id: number; operation: number; base: string; pageSize: number }> {
  for (let rest = data; rest.length > 0;) {
    const reader = new BerReader(rest);
    reader.readSequence();
    const end = reader.offset + reader.length;
    const id = reader.readInt() ?? 0;
    const operation = reader.peek() ?? 0;
    let base = '';
    if (operation === OPERATION.search) {
      reader.readSequence(operation);
      base = reader.readString() ?? '';
    }
    yield { id, operation, base, pageSize: pageSizeIn(rest.subarray(0, end)) };
    rest = rest.subarray(end);
  }
}

function answered(id: number, answer: StubAnswer): Buffer {
  const parts = (answer.entries ?? []).map((entry) => {
    const writer = new BerWriter();
    writer.startSequence();
    writer.writeInt(id);
    writer.startSequence(0x64);
    writer.writeString(entry.dn);
    writer.startSequence();
    for (const [name, values] of Object.entries(entry.attributes)) {
      writer.startSequence();
      writer.writeString(name);
      writer.startSequence(0x31);
      for (const value of values) writer.writeString(value);
      writer.endSequence();
      writer.endSequence();
    }
    writer.endSequence();
    writer.endSequence();
    writer.endSequence();
    return writer.buffer;
  });
  const references = (answer.references ?? []).map((uri) => {
    const writer = new BerWriter();
    writer.startSequence();
    writer.writeInt(id);
    writer.startSequence(0x73);
    writer.writeString(uri);
    writer.endSequence();
    writer.endSequence();
    return writer.buffer;
  });
  return Buffer.concat([...parts, ...references, result(id, 0x65, answer)]);
}

function result(id: number, operation: number, { code = 0, diagnostic = '', cookie }: StubAnswer): Buffer {
  const writer = new BerWriter();
  writer.startSequence();
  writer.writeInt(id);
  writer.startSequence(operation);
  writer.writeEnumeration(code);
  writer.writeString('');
  writer.writeString(diagnostic);
  writer.endSequence();
  if (cookie !== undefined) {
    const value = new BerWriter();
    value.startSequence();
    value.writeInt(0);
    value.writeString(cookie);
    value.endSequence();
    writer.startSequence(0xa0);
    writer.startSequence();
    writer.writeString('1.2.840.113556.1.4.319');
    writer.writeBuffer(value.buffer, 0x04);
    writer.endSequence();
    writer.endSequence();
  }
  writer.endSequence();
  return writer.buffer;
}
