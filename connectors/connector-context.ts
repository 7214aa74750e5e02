import type { JsonValue } from '../core/json.js';
import type { ReachGuard } from './reach-guard.js';

/** A configured system as the connector sees it. */
export interface ResolvedConfig {
  /** Effective plain properties: defaults filled in, destination merged. */
  readonly properties: Readonly<Record<string, string>>;
  /** Clear text of a credential property, or undefined if it is not set. Never log it. */
  secret(name: string): string | undefined;
  /** Names of the credential properties that are set, for names with a free part or any spelling (`ips.http.header.…`). */
  readonly secretNames?: readonly string[];
}

/** Everything a connector gets from outside. */
export interface ConnectorContext {
  readonly config: ResolvedConfig;
  readonly clock: () => Date;
  /** Structured, already bound to the system; gets no personal data and no secrets. */
  readonly log: ConnectorLog;
  /** Shorter limits than those of contract.md §13, for the conformance kit and for tests. */
  readonly limits?: ConnectorLimits;
  /**
   * Passed before every single request to the system, where all processes together keep a limit (CONN-CORE-75). The resolved function gives
   * the place back when the answer is there. Rejects when the signal is aborted.
   */
  readonly pace?: (signal: AbortSignal | undefined) => Promise<() => void>;
  /**
   * What the connector has learned of the system: shared by all connectors that are opened with this very configuration, in this process.
   * Nothing of people, nothing that is missed when it is empty. Absent: there is nothing but the connector's own.
   */
  readonly memory?: ConnectorMemory;
  /**
   * The outbound certificate of the system that is active now; asked for each connection, so that a switch is felt by the next one (CRT-3).
   * Undefined, or absent: there is none.
   */
  readonly clientCertificate?: () => Promise<ClientCertificate | undefined>;
  /**
   * Passed before anything is sent to a place, the token service included; throws a ConnectorError of kind `fatal` for a place that this process may not
   * reach (CONN-CORE-94). Absent: every place may be reached.
   */
  readonly guard?: ReachGuard;
}

/** Who a system is in mutual TLS; both PEM. Never log it. */
export interface ClientCertificate {
  readonly certificate: string;
  readonly privateKey: string;
  readonly validUntil: Date;
}

/** Values by names that the connector chooses. */
export type ConnectorMemory = Map<string, unknown>;

/** Limits that a caller may shorten. */
export interface ConnectorLimits {
  /** Milliseconds for any one request, connecting included. */
  readonly requestTimeoutMs?: number;
}

/** The log of one system. */
export interface ConnectorLog {
  debug(fields: Record<string, JsonValue>, message: string): void;
  warn(fields: Record<string, JsonValue>, message: string): void;
}
