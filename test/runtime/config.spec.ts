import { describe, expect, it } from '@jest/globals';
import { ConfigError, configEnvironment, loadConfig, requireDatabaseUrl } from '../../runtime/config.js';
import { describeConfig } from '../../runtime/describe-config.js';

describe('loadConfig', () => {
  it('has a default for everything but the database', () => {
    const config = loadConfig({});
    expect(config.temporal).toMatchObject({
      address: '127.0.0.1:7233',
      addressIsConfigured: false,
      namespace: 'default',
      tls: false,
    });
    expect(config.api).toEqual({ host: '127.0.0.1', port: 8080, portIsConfigured: false });
    expect(config.home).toMatch(/\/\.muster$/);
    expect(config.masterKeyFile).toBe(`${config.home}/master.key`);
    expect(config.processConcurrency).toBe(32);
    expect(() => requireDatabaseUrl(config)).toThrow(/DATABASE_URL is not set/);
  });

  it('refuses an unknown setting and guesses which one was meant', () => {
    expect(() => loadConfig({ MUSTER_LOGLEVEL: 'debug' })).toThrow(
      'MUSTER_LOGLEVEL: unknown setting, did you mean MUSTER_LOG_LEVEL?',
    );
    expect(() => loadConfig({ MUSTER_COMPLETELY_DIFFERENT: '1' })).toThrow(/unknown setting \(known: .*MUSTER_HOME/);
  });

  it('names every wrong value at once', () => {
    const load = (): unknown => loadConfig({ MUSTER_API_PORT: '99999', MUSTER_LOG_LEVEL: 'loud' });
    expect(load).toThrow(ConfigError);
    expect(load).toThrow(/MUSTER_API_PORT: .*\(is "99999"\)[\s\S]*MUSTER_LOG_LEVEL: .*\(is "loud"\)/);
  });

  it('says what a value must be, in the same words whatever else the process has loaded', () => {
    expect(() => loadConfig({ TEMPORAL_TLS: 'perhaps' })).toThrow(
      'TEMPORAL_TLS: must be one of 0, 1, true, false (is "perhaps")',
    );
  });

  it.each([
    ['TEMPORAL_ADDRESS', 'http://temporal:7233', /host:port, without a scheme/],
    ['DATABASE_URL', 'mysql://localhost/muster', /postgres:/],
    ['MUSTER_TEMPORAL_UI_URL', 'ftp://ui', /http or https/],
    ['MUSTER_PROCESS_CONCURRENCY', '0', /must be at least 1/],
    ['TEMPORAL_TLS', 'perhaps', /TEMPORAL_TLS/],
    ['TEMPORAL_TLS_CLIENT_CERT_PATH', '/client.pem', /must be set together/],
    ['MUSTER_SMTP_HOST', 'smtp://mail', /a host name or an address, without a scheme/],
    ['MUSTER_SMTP_HOST', 'mail.example.com', /MUSTER_MAIL_FROM and MUSTER_PUBLIC_URL not set/],
    ['MUSTER_SMTP_TLS', 'maybe', /MUSTER_SMTP_TLS/],
    ['MUSTER_MAIL_FROM', 'Muster', /must look like Muster <muster@example.com>/],
    ['MUSTER_SMTP_USER', 'muster', /MUSTER_SMTP_USER and MUSTER_SMTP_PASSWORD must be set together/],
  ])('refuses %s=%s', (name, value, message) => {
    expect(() => loadConfig({ [name]: value })).toThrow(message);
  });

  it('does not repeat a secret in the message that refuses it', () => {
    const attempt = (): unknown => loadConfig({ DATABASE_URL: 'mysql://muster:hunter2@localhost/muster' });
    expect(attempt).toThrow(ConfigError);
    expect(attempt).not.toThrow(/hunter2/);
  });

  it('NTF-20: a mail server, with the usual port of its encryption; a password goes nowhere unencrypted', () => {
    const mail = {
      MUSTER_SMTP_HOST: 'mail.example.com',
      MUSTER_MAIL_FROM: 'Muster <muster@example.com>',
      MUSTER_PUBLIC_URL: 'https://muster.example.com/',
    };
    expect(loadConfig({}).mail).toBeUndefined();
    expect(loadConfig(mail).mail).toEqual({
      host: 'mail.example.com',
      port: 587,
      tls: 'starttls',
      from: { name: 'Muster', address: 'muster@example.com' },
      publicUrl: 'https://muster.example.com',
    });
    expect(loadConfig({ ...mail, MUSTER_SMTP_TLS: 'tls' }).mail?.port).toBe(465);
    expect(loadConfig({ ...mail, MUSTER_MAIL_FROM: 'muster@example.com' }).mail?.from).toEqual({
      name: '',
      address: 'muster@example.com',
    });
    const signedIn = { ...mail, MUSTER_SMTP_USER: 'muster', MUSTER_SMTP_PASSWORD: 'hunter2' };
    expect(describeConfig(loadConfig(signedIn)).join()).not.toContain('hunter2');
    expect(() => loadConfig({ ...signedIn, MUSTER_SMTP_TLS: 'none' })).toThrow(/needs an encrypted connection/);
  });

  it('takes an empty value for not set, as a compose file writes it', () => {
    expect(loadConfig({ DATABASE_URL: '', MUSTER_API_PORT: '' })).toMatchObject({ databaseUrl: undefined });
  });

  it('connects encrypted when an API key or a certificate is given', () => {
    expect(loadConfig({ TEMPORAL_API_KEY: 'key' }).temporal.tls).toBe(true);
    expect(loadConfig({ TEMPORAL_TLS_SERVER_CA_CERT_PATH: '/ca.pem' }).temporal.tls).toBe(true);
    expect(loadConfig({ TEMPORAL_API_KEY: 'key', TEMPORAL_TLS: 'false' }).temporal.tls).toBe(false);
  });

  it('cannot be changed afterwards', () => {
    const config = loadConfig({});
    expect(Object.isFrozen(config)).toBe(true);
    expect(Object.isFrozen(config.temporal)).toBe(true);
    expect(Object.isFrozen(config.api)).toBe(true);
  });

  it('reaches a child process whole', () => {
    const config = loadConfig({
      DATABASE_URL: 'postgres://muster:pw@db:5432/muster',
      TEMPORAL_ADDRESS: 'temporal:7233',
      TEMPORAL_API_KEY: 'key',
      TEMPORAL_CLI_PATH: '/opt/temporal',
      MUSTER_TEMPORAL_UI_URL: 'http://ui:8080',
      MUSTER_HOME: '/var/muster',
      MUSTER_API_HOST: '0.0.0.0',
      MUSTER_API_PORT: '9000',
      MUSTER_MASTER_KEY_FILE: '/run/key',
      MUSTER_LOG_LEVEL: 'debug',
      MUSTER_PROCESS_CONCURRENCY: '8',
      MUSTER_SMTP_HOST: 'mail.example.com',
      MUSTER_SMTP_PORT: '2525',
      MUSTER_SMTP_TLS: 'tls',
      MUSTER_SMTP_USER: 'muster',
      MUSTER_SMTP_PASSWORD: 'pw',
      MUSTER_SMTP_CA_FILE: '/ca.pem',
      MUSTER_MAIL_FROM: '"Muster" <muster@example.com>',
      MUSTER_PUBLIC_URL: 'https://muster.example.com',
      MUSTER_MAX_SOURCES: '3',
      MUSTER_MAX_TARGETS: '4',
      XDG_CACHE_HOME: '/var/cache',
      PATH: '/bin',
    });
    const inherited = { XDG_CACHE_HOME: '/var/cache', PATH: '/bin' };
    expect(loadConfig({ ...inherited, ...configEnvironment(config) })).toEqual(config);
  });
});

describe('describeConfig', () => {
  it('shows what is in force and masks the secrets', () => {
    const config = loadConfig({
      DATABASE_URL: 'postgres://muster:hunter2@db/muster?password=hunter2',
      TEMPORAL_API_KEY: 'hunter2',
    });
    const text = describeConfig(config).join('\n');
    expect(text).toContain('database: postgres://muster:***@db/muster?password=***');
    expect(text).toContain('temporal API key: ***');
    expect(text).not.toContain('hunter2');
  });
});
