import type { EntityType } from '../../core/entity-type.js';
import type { JsonObject } from '../../core/json.js';
import type { Capabilities, Connector, ConnectorContext, Page, ReadPageRequest } from '../contract.js';
import type { EntitySample, GroupSample } from '../entity-samples.js';
import { isConnectorError, type ConnectorError } from '../errors.js';
import { HttpFront } from './http-front.js';
import { Relay } from './relay.js';
import { filterOf, sampleBody, withMembers } from './samples.js';
import type { Made, SystemUnderTest } from './system-under-test.js';

/** Entities of a page in checks of paging: small, so that few entities make many pages. */
export const PAGE_SIZE = 5;

/** Pages in a row that bring nobody new, before the read counts as going round in circles: filtered pages may be empty. */
const MAX_IDLE_PAGES = 25;

/** A finding against the connector or the system; the text is for people. */
export class Finding extends Error {
  override readonly name = 'Finding';
}

/** Throws {@link Finding} unless it is so. */
export function must(isSo: boolean, otherwise: string): asserts isSo {
  if (!isSo) throw new Finding(otherwise);
}

/** Who was seen in a read; throws a finding when page after page brings nobody new. */
export class Seen {
  readonly ids = new Set<string>();
  private idlePages = 0;

  add(page: Page): void {
    const before = this.ids.size;
    for (const { id } of page.items) this.ids.add(id);
    this.idlePages = this.ids.size > before ? 0 : this.idlePages + 1;
    must(this.idlePages < MAX_IDLE_PAGES, `the read does not end: ${MAX_IDLE_PAGES} pages in a row bring nobody new`);
  }
}

/** Everything that a connector has let out in a run: what must hold no secrets (CONN-TCK-23). */
export class Recorder {
  readonly texts: string[] = [];

  note(...values: readonly unknown[]): void {
    for (const value of values) this.texts.push(typeof value === 'string' ? value : JSON.stringify(value ?? null));
  }
}

/** How a connector is opened in a check. */
export interface OpenOptions {
  readonly properties?: Readonly<Record<string, string>>;
  readonly secrets?: Readonly<Record<string, string>>;
  readonly requestTimeoutMs?: number;
  readonly clock?: () => Date;
}

/** One check under way: opens connectors, makes entities under a mark of its own, and removes everything in the end. */
export class Trial {
  private readonly connectors: Connector[] = [];
  private readonly made: { readonly type: EntityType; readonly id: string }[] = [];
  private readonly stopping: (() => Promise<void>)[] = [];
  private shared: Connector | undefined;

  constructor(
    readonly system: SystemUnderTest,
    readonly capabilities: Capabilities,
    readonly mark: string,
    readonly recorder: Recorder,
  ) {}

  /** The connector of the check, opened once. */
  get connector(): Connector {
    return (this.shared ??= this.open());
  }

  /** Another connector, with other properties. */
  open(options: OpenOptions = {}): Connector {
    const properties = { ...this.system.properties, ...options.properties };
    const secrets = options.secrets ?? this.system.secrets;
    const context: ConnectorContext = {
      config: { properties, secret: (name) => secrets[name], secretNames: Object.keys(secrets) },
      clock: options.clock ?? (() => new Date()),
      log: {
        debug: (fields, message) => this.recorder.note(fields, message),
        warn: (fields, message) => this.recorder.note(fields, message),
      },
      ...(options.requestTimeoutMs === undefined ? {} : { limits: { requestTimeoutMs: options.requestTimeoutMs } }),
    };
    const connector = this.system.factory.open(context);
    this.connectors.push(connector);
    return connector;
  }

  /** Properties under which pages are small and, where the system can filter, only entities of this check are read. */
  listing(type: EntityType): Record<string, string> {
    const { pageSizeProperty } = this.system.samples;
    return {
      ...(pageSizeProperty === undefined ? {} : { [pageSizeProperty]: String(PAGE_SIZE) }),
      ...filterOf(this.sample(type), this.mark),
    };
  }

  get user(): EntitySample {
    return this.sample('user');
  }

  get group(): GroupSample {
    const { group } = this.system.samples;
    must(group !== undefined, 'there is no sample of groups');
    return group;
  }

  /** The last member of a group may go. */
  get groupMayBeEmpty(): boolean {
    const { mayBeEmpty, emptyWith } = this.group;
    return mayBeEmpty && (emptyWith === undefined || (this.system.properties[emptyWith] ?? '') !== '');
  }

  body(n: number): JsonObject {
    return sampleBody(this.user, this.mark, n);
  }

  groupBody(n: number, members: readonly string[]): JsonObject {
    return withMembers(this.group, sampleBody(this.group, this.mark, n), members);
  }

  /** Creates a user. */
  async make(n: number, body: JsonObject = this.body(n)): Promise<Made> {
    const { id } = await this.connector.create('user', body, {});
    this.track('user', id);
    return { id, body };
  }

  async makeMany(count: number, first = 0): Promise<string[]> {
    const ids: string[] = [];
    for (let n = 0; n < count; n++) ids.push((await this.make(first + n)).id);
    return ids;
  }

  async makeGroup(n: number, members: readonly string[]): Promise<Made> {
    const body = this.groupBody(n, members);
    const { id } = await this.connector.create('group', body, {});
    this.track('group', id);
    return { id, body };
  }

  /** The entity is removed when the check is over. */
  track(type: EntityType, id: string): void {
    this.made.push({ type, id });
  }

  /** All pages of a read. */
  async readAll(
    connector: Connector,
    request: Partial<ReadPageRequest> & Pick<ReadPageRequest, 'type'>,
  ): Promise<Page[]> {
    const pages: Page[] = [];
    const seen = new Seen();
    let cursor: Page['next'] = null;
    do {
      const page: Page = await connector.readPage({ mode: 'full', ...request, cursor });
      this.recorder.note(page.next, page.watermark, page.failures);
      pages.push(page);
      cursor = page.next;
      seen.add(page);
    } while (cursor !== null);
    return pages;
  }

  /** The error of a call that must fail with one of the contract's. */
  async errorOf(call: Promise<unknown>, what: string): Promise<ConnectorError> {
    try {
      await call;
    } catch (error) {
      must(isConnectorError(error), `${what}: something else than a ConnectorError was thrown: ${String(error)}`);
      this.recorder.note(error.safeMessage, error.adminMessage);
      return error;
    }
    throw new Finding(`${what}: the call should have failed`);
  }

  /** A network that can go wrong, and the properties that lead through it. */
  async relay(): Promise<{ relay: Relay; properties: Record<string, string> }> {
    const address = new URL(this.address());
    const port = Number(address.port === '' ? DEFAULT_PORTS[address.protocol] : address.port);
    const relay = await Relay.start({ host: address.hostname.replace(/^\[|\]$/g, ''), port });
    this.stopping.push(() => relay.stop());
    return { relay, properties: this.through(relay.port) };
  }

  /** A web server before the back end, and the properties that lead through it. */
  async front(): Promise<{ front: HttpFront; properties: Record<string, string> }> {
    const front = await HttpFront.start(new URL(this.address()).origin);
    this.stopping.push(() => front.stop());
    return { front, properties: this.through(front.port) };
  }

  /** Removes what was made and closes what was opened; what cannot be removed is told. Never throws. */
  async cleanUp(): Promise<string[]> {
    const left: string[] = [];
    for (const { type, id } of this.made.reverse()) {
      try {
        await this.connector.delete(type, id, {});
      } catch (error) {
        left.push(`${type} ${id}: ${isConnectorError(error) ? error.safeMessage : String(error)}`);
      }
    }
    for (const connector of this.connectors) await connector.close();
    for (const stop of this.stopping) await stop();
    return left;
  }

  private sample(type: EntityType): EntitySample {
    const sample = type === 'user' ? this.system.samples.user : this.system.samples.group;
    must(sample !== undefined, `there is no sample of type ${type}`);
    return sample;
  }

  private address(): string {
    return addressOf(this.system) ?? '';
  }

  private through(port: number): Record<string, string> {
    const url = new URL(this.address());
    // Of a scheme that URL does not know it would not set the port.
    const rest = url.pathname + url.search;
    const scheme = url.protocol === 'https:' ? 'http:' : url.protocol;
    return { [this.system.samples.addressProperty ?? '']: `${scheme}//127.0.0.1:${port}${rest === '/' ? '' : rest}` };
  }
}

const DEFAULT_PORTS: Readonly<Record<string, string>> = { 'http:': '80', 'https:': '443', 'ldap:': '389' };

/** The address of the back end, if the system says where it stands and it is one. */
export function addressOf({ samples, properties }: SystemUnderTest): string | undefined {
  const address = samples.addressProperty === undefined ? undefined : properties[samples.addressProperty];
  return address !== undefined && URL.canParse(address) ? address : undefined;
}

/** Identifiers of all pages. */
export function idsOf(pages: readonly Page[]): string[] {
  return pages.flatMap(({ items }) => items.map(({ id }) => id));
}
