import { afterEach } from '@jest/globals';
import type { JsonObject, JsonValue } from '../../../core/json.js';
import type {
  Connector,
  ConnectorContext,
  ConnectorMemory,
  NativeEntity,
  Page,
  ReadPageRequest,
} from '../../../connectors/contract.js';
import { isConnectorError, type ConnectorError } from '../../../connectors/errors.js';
import type { HttpLimits } from '../../../connectors/http/http-client.js';
import { GENERIC_SCIM_2, type ScimProfile } from '../../../connectors/scim/profile.js';
import { openScimConnector } from '../../../connectors/scim/scim.connector.js';

/** Everything a connector has logged in one test. */
export interface RecordedLog {
  readonly lines: { readonly level: 'debug' | 'warn'; readonly fields: object; readonly message: string }[];
}

/** What differs from a system without credentials. */
export interface OpenOptions {
  readonly properties?: Readonly<Record<string, string>>;
  readonly secrets?: Readonly<Record<string, string>>;
  readonly limits?: Partial<HttpLimits>;
  readonly profile?: ScimProfile;
  readonly clock?: () => Date;
  readonly memory?: ConnectorMemory;
}

/** A connector for the SCIM server at `url`, discovery off unless asked for. */
export function openScim(url: string, options: OpenOptions = {}): Connector & { readonly recorded: RecordedLog } {
  const recorded: RecordedLog = { lines: [] };
  const { secrets = {} } = options;
  const context: ConnectorContext = {
    config: {
      properties: { URL: url, Authentication: 'NoAuthentication', 'scim.discovery': 'off', ...options.properties },
      secret: (name) => secrets[name],
      secretNames: Object.keys(secrets),
    },
    clock: options.clock ?? (() => new Date()),
    ...(options.memory !== undefined && { memory: options.memory }),
    log: {
      debug: (fields, message) => void recorded.lines.push({ level: 'debug', fields, message }),
      warn: (fields, message) => void recorded.lines.push({ level: 'warn', fields, message }),
    },
  };
  const connector = openScimConnector(context, options.profile ?? GENERIC_SCIM_2, 'scim', options.limits);
  return Object.assign(connector, { recorded });
}

/** Closes after each test what it was given, the last first. */
export function closedAfterEach(): (...closers: readonly (() => Promise<void>)[]) => void {
  const closing: (() => Promise<void>)[] = [];
  afterEach(async () => {
    for (const close of closing.splice(0).reverse()) await close();
  });
  return (...closers) => void closing.push(...closers);
}

/** All pages of a read, in order. */
export async function readAll(
  connector: Connector,
  request: Partial<ReadPageRequest> & Pick<ReadPageRequest, 'type'>,
): Promise<Page[]> {
  const pages: Page[] = [];
  let page = await connector.readPage({ mode: 'full', cursor: null, ...request });
  pages.push(page);
  while (page.next !== null) {
    page = await connector.readPage({ mode: 'full', ...request, cursor: page.next });
    pages.push(page);
  }
  return pages;
}

/** Identifiers of all pages. */
export function idsOf(pages: readonly Page[]): string[] {
  return pages.flatMap(({ items }) => items.map(({ id }: NativeEntity) => id));
}

/** The error of a call that must fail with one. */
export async function errorOf(call: Promise<unknown>): Promise<ConnectorError> {
  try {
    await call;
  } catch (error) {
    if (isConnectorError(error)) return error;
    throw error;
  }
  throw new Error('the call was expected to fail');
}

/** A user that SCIM servers accept. */
export function person(n: number, changes: JsonObject = {}): JsonObject {
  const name = `user${String(n).padStart(5, '0')}`;
  return {
    schemas: ['urn:ietf:params:scim:schemas:core:2.0:User'],
    userName: name,
    name: { givenName: `Given ${n}`, familyName: `Family ${n}` },
    emails: [{ value: `${name}@example.org`, type: 'work', primary: true }],
    active: true,
    ...changes,
  };
}

/** The text of an attribute; an empty one where there is none. */
export function textOf(value: JsonValue | undefined): string {
  return typeof value === 'string' ? value : '';
}
