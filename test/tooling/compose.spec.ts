import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { parse } from 'yaml';
import { loadConfig } from '../../runtime/config.js';

interface Service {
  readonly image?: string;
  readonly build?: string;
  readonly command?: readonly string[];
  readonly restart?: string;
  readonly read_only?: boolean;
  readonly ports?: readonly string[];
  readonly volumes?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly healthcheck?: { readonly test: readonly string[] };
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>;
}

const file = parse(readFileSync('docker-compose.yml', 'utf8'), { merge: true }) as {
  services: Record<string, Service>;
  volumes: Record<string, unknown>;
};
const services = Object.entries(file.services);
const own = services.filter(([, service]) => service.build !== undefined);

/** As `docker compose` fills in variables: the default after `:-`, else a made-up value. */
function filledIn(value: string): string {
  return value.replace(/\$\{\w+(?::-([^}]*)|:\?[^}]*)?\}/g, (_, fallback?: string) => fallback ?? 'some-value');
}

describe('docker-compose.yml', () => {
  it('has the parts of the cluster mode', () => {
    expect(Object.keys(file.services).sort()).toEqual([
      'api',
      'migrate',
      'postgres',
      'temporal',
      'temporal-ui',
      'worker',
    ]);
  });

  it.each(services)('%s waits only for services that exist and can tell that they are ready', (_name, service) => {
    for (const [name, { condition }] of Object.entries(service.depends_on ?? {})) {
      const awaited = file.services[name];
      expect(awaited).toBeDefined();
      if (condition === 'service_healthy') expect(awaited?.healthcheck?.test[0]).toMatch(/^CMD(-SHELL)?$/);
      else expect([condition, awaited?.restart]).toEqual(['service_completed_successfully', 'no']);
    }
  });

  it.each(services)('%s mounts only volumes that are declared, and listens on 127.0.0.1 only', (_name, service) => {
    for (const volume of service.volumes ?? []) expect(Object.keys(file.volumes)).toContain(volume.split(':')[0]);
    for (const port of service.ports ?? []) expect(port).toMatch(/^127\.0\.0\.1:\d+:\d+$/);
  });

  it.each(services)('%s names the version of an image that is not ours', (_name, service) => {
    if (service.build === undefined) expect(service.image).toMatch(/^[\w./-]+:\d+(\.\d+)*$/);
    else expect(service.image).toBe('muster');
  });

  it('holds no password', () => {
    for (const [, { environment = {} }] of services) {
      for (const [name, value] of Object.entries(environment)) {
        if (/PASSWORD|PWD/.test(name)) expect(value).toMatch(/^\$\{(POSTGRES_PASSWORD:\?|MUSTER_SMTP_PASSWORD:-\})/);
      }
    }
  });

  it.each(own)('%s gets an environment that Muster accepts, and everything it needs', (name, service) => {
    const environment = Object.entries(service.environment ?? {}).map(([key, value]) => [key, filledIn(value)]);
    const config = loadConfig(Object.fromEntries(environment) as Record<string, string>);
    expect(config.databaseUrl).toBe('postgres://muster:some-value@postgres:5432/muster');
    expect(config.temporal).toMatchObject({ address: 'temporal:7233', addressIsConfigured: true });
    expect(config.masterKeyFile.startsWith('/var/lib/muster/')).toBe(true);
    expect(service.read_only).toBe(true);
    expect(existsSync(`cli/commands/${service.command?.[0] ?? name}.ts`)).toBe(true);
  });

  it('migrates once, before the API and the worker start', () => {
    for (const name of ['api', 'worker']) {
      expect(file.services[name]?.depends_on?.['migrate']?.condition).toBe('service_completed_successfully');
      expect(file.services[name]?.restart).toBe('unless-stopped');
    }
  });
});

describe('Dockerfile', () => {
  const text = readFileSync('Dockerfile', 'utf8');

  it('copies only what is there, and starts the command of the package as an ordinary user', () => {
    const fromContext = [...text.matchAll(/^COPY (?!--from)(.+) \S+$/gm)].flatMap(
      (match) => match[1]?.split(' ') ?? [],
    );
    expect(fromContext.length).toBeGreaterThan(0);
    for (const name of fromContext) expect(existsSync(name)).toBe(true);
    const { bin } = JSON.parse(readFileSync('package.json', 'utf8')) as { bin: { muster: string } };
    expect(text).toMatch(new RegExp(`^ENTRYPOINT .*"${bin.muster.replaceAll('.', '\\.')}"\\]$`, 'm'));
    const stages = text.split(/^FROM /m);
    expect(stages.at(-1)).toMatch(/^USER node$/m);
  });

  it('does not take the state of a developer into the image', () => {
    const ignored = readFileSync('.dockerignore', 'utf8').split('\n');
    for (const name of ['.git', '.muster', '.env', 'node_modules', 'dist']) expect(ignored).toContain(name);
  });
});
