import type { Config } from './config.js';
import { describeMail } from './mail-settings.js';
import { maskUrlPassword } from './mask.js';

/**
 * The effective configuration as `name: value` lines for the start-up log. Secrets are masked: of the database address
 * the password, of the API key everything.
 */
export function describeConfig(config: Config): string[] {
  const { temporal } = config;
  return [
    line('state folder', config.home),
    line('database', config.databaseUrl === undefined ? 'embedded' : maskUrlPassword(config.databaseUrl)),
    line('temporal', `${temporal.address}${temporal.addressIsConfigured ? '' : ' (default)'}`),
    line('temporal namespace', temporal.namespace),
    line('temporal API key', temporal.apiKey === undefined ? 'none' : '***'),
    line('temporal TLS', temporal.tls ? describeTls(config) : 'off'),
    line('temporal web UI', temporal.uiUrl ?? 'not configured'),
    line('API', `${config.api.host}:${config.api.port}`),
    line('mail server', describeMail(config.mail)),
    line('master key file', config.masterKeyFile),
    line('log level', config.logLevel),
    line('writes in flight per target and process', String(config.processConcurrency)),
    line('systems at most', `${config.maxSystems.source} sources, ${config.maxSystems.target} targets`),
  ];
}

function describeTls(config: Config): string {
  const { tlsServerName, tlsServerCaFile, tlsClientCertFile } = config.temporal;
  const parts = [
    tlsServerName === undefined ? undefined : `server name ${tlsServerName}`,
    tlsServerCaFile === undefined ? undefined : `CA ${tlsServerCaFile}`,
    tlsClientCertFile === undefined ? undefined : `client certificate ${tlsClientCertFile}`,
  ].filter((part) => part !== undefined);
  return parts.length === 0 ? 'on' : `on (${parts.join(', ')})`;
}

function line(name: string, value: string): string {
  return `${name}: ${value}`;
}
