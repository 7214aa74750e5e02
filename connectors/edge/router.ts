import { DEFAULT_LOCATION, locationOf } from '../../core/edge/location.js';
import { isSealedCredential } from '../../core/edge/sealed-credential.js';
import { EDGE_WINDOW_MS } from '../../core/edge/timing.js';
import type { Capabilities, Connector, ConnectorContext, ConnectorFactory } from '../contract.js';
import { openRemoteConnector } from './remote-connector.js';
import type { EdgePort } from './remote-connector.js';

/** Writes of one system under way in a process, */
const WRITES_UNDER_WAY = 32;
/** and for each that its connector makes at a time: more would not get their turn while they may begin where each takes seconds. */
const WRITES_IN_TURN = 4;

/** What the router stands on. */
export interface EdgeRouterDependencies {
  /** The registered public key of a location; undefined when it has none. */
  readonly keyOf: (location: string) => Promise<Buffer | undefined>;
  /** The way to the edge workers of a location. Throws for a key that cannot be used. */
  readonly portTo: (location: string, key: Buffer) => EdgePort;
}

/** A system as it is about to be opened. */
export interface RoutedSystem {
  /** With the defaults of its connector. */
  readonly properties: Readonly<Record<string, string>>;
  readonly secrets: Readonly<Record<string, string>>;
}

/** How a system is reached; `refused` says what has to be set. */
export type Reach =
  | { readonly kind: 'direct' }
  | { readonly kind: 'edge'; readonly route: EdgeRoute }
  | { readonly kind: 'refused'; readonly message: string };

/** Opens connectors through the edge workers of a location. */
export interface EdgeRoute {
  open(factory: ConnectorFactory, context: ConnectorContext, capabilities: Capabilities): Connector;
  /** What is in force for such a system, from what its connector says: leases have to outlive the whole crossing. */
  capabilities(capabilities: Capabilities): Capabilities;
}

/**
 * Where it is decided how a system is reached (ONP-1, CONN-CORE-91): asked once, when its connector is opened. A system that is reached over the Internet costs a
 * look at its properties. One on premise goes through the edge workers of its location; where that is not named and nobody is registered for the default
 * location, the private network is taken to be our own.
 */
export class EdgeRouter {
  constructor(private readonly deps: EdgeRouterDependencies) {}

  async reach({ properties, secrets }: RoutedSystem): Promise<Reach> {
    const location = locationOf(properties);
    const key = location === undefined ? undefined : await this.deps.keyOf(location);
    if (location !== undefined && key !== undefined)
      return { kind: 'edge', route: routeTo(this.deps.portTo(location, key)) };
    if (location !== undefined && location !== DEFAULT_LOCATION)
      return {
        kind: 'refused',
        message: `no edge worker for location ${location}: none is registered; start one there ("muster edge") and register its key (PUT /locations/${location})`,
      };
    const sealed = Object.keys(secrets).find((name) => isSealedCredential(secrets[name] ?? ''));
    if (sealed === undefined) return { kind: 'direct' };
    return {
      kind: 'refused',
      message: `${sealed} is sealed for an edge worker, and this system is not reached through one; enter its clear text, or set it to OnPremise and register a location`,
    };
  }
}

function routeTo(port: EdgePort): EdgeRoute {
  return {
    open: (factory, context, { requestTimeoutMs, cursorResume }) =>
      openRemoteConnector({ factory, context, port, requestTimeoutMs, isReadBound: cursorResume === 'connection' }),
    capabilities: (capabilities) => ({
      ...capabilities,
      requestTimeoutMs: capabilities.requestTimeoutMs + EDGE_WINDOW_MS,
      // What crosses at the same time crosses together; the edge worker keeps the connector's own number.
      maxConcurrentWrites: underWay(capabilities.maxConcurrentWrites),
    }),
  };
}

function underWay(atATime: number): number {
  return Math.max(atATime, Math.min(atATime * WRITES_IN_TURN, WRITES_UNDER_WAY));
}
