import { usesClientCertificate } from '../../core/certificates/usable.js';
import type { ConnectorContext, ResolvedConfig } from '../contract.js';
import { booleanProperty, textProperty, type Properties } from '../property-values.js';
import { clientIdentity } from './client-certificate.js';
import { basicAuthorization, fixedCredentials, type Credentials } from './credentials.js';
import type { TlsOptions } from './http-client.js';
import { oauthCredentials, type OAuthClient } from './oauth-credentials.js';

/** Prefix of properties that are sent as headers (PRP-32). */
export const HEADER_PREFIX = 'ips.http.header.';
/** Own certificate authorities, PEM text. [EXT] */
export const CA_PROPERTY = 'ips.tls.ca.certificates';

/** Headers that belong to the protocol: setting them would break the connection or smuggle requests. */
const RESERVED_HEADERS = new Set([
  'host',
  'connection',
  'content-length',
  'transfer-encoding',
  'upgrade',
  'te',
  'trailer',
  'keep-alive',
  'expect',
]);

/** Why a header property cannot be sent, or undefined. */
export function headerProblem(name: string, value: string): string | undefined {
  const header = name.slice(HEADER_PREFIX.length).toLowerCase();
  if (!/^[a-z0-9!#$%&'*+.^_`|~-]+$/.test(header)) return 'is not a valid HTTP header name';
  if (RESERVED_HEADERS.has(header)) return `the header ${header} belongs to the connection and cannot be set`;
  if (!/^[\t\x20-\x7e\x80-\xff]*$/.test(value)) return 'holds characters that an HTTP header cannot have';
  return undefined;
}

/**
 * Headers of the `ips.http.header.` properties, stored as credentials or not; those of the connector win, so they are merged later
 * (PRP-32).
 */
export function configuredHeaders(config: ResolvedConfig): Record<string, string> {
  const headers: Record<string, string> = {};
  const secrets = (config.secretNames ?? []).map((name) => [name, config.secret(name) ?? ''] as const);
  for (const [name, value] of [...Object.entries(config.properties), ...secrets]) {
    if (!name.startsWith(HEADER_PREFIX) || headerProblem(name, value) !== undefined) continue;
    const header = name.slice(HEADER_PREFIX.length).toLowerCase();
    // A static credential is not sent beside a configured one (CONN-SCIM-05).
    if (header !== 'authorization') headers[header] = value.trim();
  }
  return headers;
}

/** Values of all credentials, for masking. */
export function secretValues({ config }: ConnectorContext): string[] {
  return (config.secretNames ?? []).flatMap((name) => config.secret(name) ?? []).filter((value) => value.trim() !== '');
}

/**
 * Trust and identity of the connections to the system itself (PRP-30). With a token URL the certificate is for the token service, and the system
 * gets the token (CONN-SCIM-04).
 */
export function tlsOptions(context: ConnectorContext): TlsOptions {
  const { properties } = context.config;
  const isMutual = usesClientCertificate(properties) && tokenUrlOf(properties) === undefined;
  return { ...trustOf(properties), ...(isMutual && { identity: clientIdentity(context) }) };
}

function trustOf(properties: Properties): TlsOptions {
  const ca = textProperty(properties, CA_PROPERTY);
  const trustAll = booleanProperty(properties, 'TrustAll', false);
  return ca === undefined ? { trustAll } : { trustAll, ca };
}

function tokenUrlOf(properties: Properties): string | undefined {
  return textProperty(properties, 'OAuth2TokenServiceURL');
}

/**
 * Credentials as configured: OAuth when a token address is set (PRP-27), by secret or by certificate (CRT-9), else basic, else the static header
 * of CONN-SCIM-05. Incomplete ones give requests without credentials: the system answers 401 and says so.
 */
export function configuredCredentials(context: ConnectorContext): Credentials {
  const { config } = context;
  const tokenUrl = tokenUrlOf(config.properties);
  const client = tokenUrl === undefined ? undefined : oauthClient(context);
  if (tokenUrl !== undefined && client !== undefined) return tokenCredentials(context, tokenUrl, client);
  const basic = basicCredentials(config);
  return fixedCredentials(basic ?? staticAuthorization(config));
}

function tokenCredentials(context: ConnectorContext, tokenUrl: string, client: OAuthClient): Credentials {
  const { config, clock, guard } = context;
  const scope = textProperty(config.properties, 'OAuth2TokenScope');
  return oauthCredentials({
    tokenUrl: new URL(tokenUrl),
    client,
    tls: { ...trustOf(config.properties), ...(client.kind === 'certificate' && { identity: clientIdentity(context) }) },
    clock,
    guard,
    ...(scope === undefined ? {} : { scope }),
  });
}

/** How the token service knows us; undefined where the properties do not say. */
function oauthClient(context: ConnectorContext): OAuthClient | undefined {
  const { properties } = context.config;
  if (usesClientCertificate(properties)) {
    const id = textProperty(properties, 'client_id');
    return id === undefined ? undefined : { kind: 'certificate', id };
  }
  const user = userOf(context.config);
  if (user === undefined) return undefined;
  const isForm = textProperty(properties, 'AuthType') === 'Form';
  return { kind: isForm ? 'form' : 'basic', id: user.name, secret: user.password };
}

function basicCredentials(config: ResolvedConfig): string | undefined {
  const user = userOf(config);
  return user === undefined ? undefined : basicAuthorization(user.name, user.password);
}

function userOf(config: ResolvedConfig): { name: string; password: string } | undefined {
  const { properties } = config;
  if ((textProperty(properties, 'Authentication') ?? 'BasicAuthentication') !== 'BasicAuthentication') return undefined;
  const name = textProperty(properties, 'User');
  const password = config.secret('Password');
  return name === undefined || password === undefined ? undefined : { name, password };
}

/** Secrets are asked for by name, and the name may be spelled in any case (CRD-5). */
function staticAuthorization(config: ResolvedConfig): string | undefined {
  const spellings = ['authorization', 'Authorization', 'AUTHORIZATION'].map((header) => HEADER_PREFIX + header);
  const names = [...spellings, ...(config.secretNames ?? []).filter((name) => spellings[0] === name.toLowerCase())];
  for (const name of names) {
    const value = config.secret(name)?.trim();
    if (value !== undefined && value !== '') return value;
  }
  return undefined;
}
