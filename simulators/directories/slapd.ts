import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findServer, freePort, runProgram, startProgram, untilReady, type RunningProgram } from './program.js';

/** OpenLDAP's own tools and server, as Debian packages them (`slapd`, `slapd-contrib`, `ldap-utils`). */
export function slapdIsAvailable(): boolean {
  return ['slapd', 'slapadd', 'ldapsearch', 'ldapmodify'].every((name) => findServer(name) !== undefined);
}

const SUFFIX = 'dc=example,dc=org';
const ROOT_DN = `cn=admin,${SUFFIX}`;
const ROOT_PASSWORD = 'adminsecret';
const READY_TIMEOUT_MS = 10_000;

/** What a directory starts with. */
export interface SlapdOptions {
  /** Loaded before the server starts; the suffix and `ou=people`, `ou=groups` are there already. */
  readonly ldif?: string;
  /** Lines of slapd.conf for the database, for example `sizelimit 50`. */
  readonly databaseLines?: readonly string[];
  /** Lines before the databases. */
  readonly globalLines?: readonly string[];
  /** Overlays: the access log in `cn=accesslog`, `memberOf` kept by the server, unique mail addresses. */
  readonly overlays?: readonly ('accesslog' | 'memberof' | 'unique')[];
  /** PEM files; with them ldaps and StartTLS are offered. */
  readonly tls?: { readonly ca: string; readonly certificate: string; readonly key: string };
}

/** A running slapd with a database of its own. */
export interface Slapd {
  readonly port: number;
  readonly url: string;
  readonly tlsUrl: string;
  readonly suffix: string;
  readonly peopleDn: string;
  readonly groupsDn: string;
  readonly rootDn: string;
  readonly rootPassword: string;
  /** Applies LDIF with changes (`changetype`); plain entries are added. */
  modify(ldif: string): void;
  /** Entries below a base as OpenLDAP's own client sees them: attribute values by lower-case name, `dn` among them. */
  search(base: string, filter?: string, attributes?: readonly string[]): Record<string, string[]>[];
  /** Ends the server at once. */
  kill(): Promise<void>;
  /** Starts it again on the same data, optionally with other lines for the database. */
  restart(databaseLines?: readonly string[]): Promise<void>;
  stop(): Promise<void>;
}

/** Starts slapd on a free port of the loopback interface. */
export async function startSlapd(options: SlapdOptions = {}): Promise<Slapd> {
  const folder = mkdtempSync(join(tmpdir(), 'slapd-'));
  for (const name of ['data', 'log']) mkdirSync(join(folder, name));
  const [port, tlsPort] = [await freePort(), await freePort()];
  const url = `ldap://127.0.0.1:${port}`;
  const configure = (lines: readonly string[]): string => {
    const file = join(folder, 'slapd.conf');
    writeFileSync(file, configuration(folder, { ...options, databaseLines: lines }));
    return file;
  };
  const file = configure(options.databaseLines ?? []);
  load(folder, file, options.ldif ?? '');
  const start = async (): Promise<RunningProgram> => {
    const urls = options.tls === undefined ? url : `${url} ldaps://127.0.0.1:${tlsPort}`;
    const started = startProgram(findServer('slapd') ?? 'slapd', ['-f', file, '-h', urls, '-d', '0']);
    await untilReady(started, () => answers(port), READY_TIMEOUT_MS);
    return started;
  };
  let program = await start();
  const asRoot = ['-x', '-H', url, '-D', ROOT_DN, '-w', ROOT_PASSWORD];
  return {
    port,
    url,
    tlsUrl: `ldaps://127.0.0.1:${tlsPort}`,
    suffix: SUFFIX,
    peopleDn: `ou=people,${SUFFIX}`,
    groupsDn: `ou=groups,${SUFFIX}`,
    rootDn: ROOT_DN,
    rootPassword: ROOT_PASSWORD,
    modify: (ldif) => void runProgram('ldapmodify', [...asRoot, '-a', '-c'], `${ldif.trim()}\n`),
    search: (base, filter = '(objectClass=*)', attributes = ['*', 'memberOf']) =>
      parseLdif(runProgram('ldapsearch', [...asRoot, '-LLL', '-o', 'ldif-wrap=no', '-b', base, filter, ...attributes])),
    kill: () => program.kill(),
    restart: async (lines) => {
      await program.stop();
      if (lines !== undefined) configure(lines);
      program = await start();
    },
    stop: async () => {
      await program.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function configuration(folder: string, options: SlapdOptions): string {
  const schemas = ['core', 'cosine', 'inetorgperson', 'nis'].map((name) => `include /etc/ldap/schema/${name}.schema`);
  const modules = ['back_mdb', 'accesslog', 'memberof', 'unique', 'retcode'].map((name) => `moduleload ${name}`);
  const { tls, overlays = [] } = options;
  const accessLog = overlays.includes('accesslog');
  return [
    ...schemas,
    'modulepath /usr/lib/ldap',
    ...modules,
    `pidfile ${join(folder, 'slapd.pid')}`,
    ...(tls === undefined
      ? []
      : [
          `TLSCACertificateFile ${tls.ca}`,
          `TLSCertificateFile ${tls.certificate}`,
          `TLSCertificateKeyFile ${tls.key}`,
        ]),
    ...(options.globalLines ?? []),
    ...(accessLog ? database('cn=accesslog', join(folder, 'log'), ['index reqStart eq']) : []),
    ...database(SUFFIX, join(folder, 'data'), [
      `rootpw ${ROOT_PASSWORD}`,
      'index objectClass,uid,cn,member,modifyTimestamp,entryUUID eq',
      ...(overlays.includes('memberof') ? ['overlay memberof'] : []),
      ...(overlays.includes('unique') ? ['overlay unique', 'unique_uri ldap:///?mail?sub'] : []),
      ...(accessLog ? ['overlay accesslog', 'logdb cn=accesslog', 'logops writes', 'logsuccess TRUE'] : []),
      ...(options.databaseLines ?? []),
    ]),
    '',
  ].join('\n');
}

function database(suffix: string, folder: string, lines: readonly string[]): string[] {
  // Tests start with an empty folder each time: what a crash of the machine would lose does not matter.
  return [
    'database mdb',
    'maxsize 1073741824',
    'dbnosync',
    `suffix "${suffix}"`,
    `rootdn "${ROOT_DN}"`,
    `directory ${folder}`,
    ...lines,
  ];
}

function load(folder: string, file: string, ldif: string): void {
  const frame = [
    `dn: ${SUFFIX}\nobjectClass: dcObject\nobjectClass: organization\ndc: example\no: Example`,
    ...['people', 'groups'].map((name) => `dn: ou=${name},${SUFFIX}\nobjectClass: organizationalUnit\nou: ${name}`),
  ];
  const input = join(folder, 'initial.ldif');
  writeFileSync(input, `${frame.join('\n\n')}\n\n${ldif}\n`);
  runProgram(findServer('slapadd') ?? 'slapadd', ['-q', '-f', file, '-b', SUFFIX, '-l', input]);
  rmSync(input);
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port });
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}

/** The text of a value in base64; bytes that are no text stay as they are. */
function decoded(base64: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.from(base64, 'base64'));
  } catch {
    return base64;
  }
}

/** Entries of LDIF without line wrapping. */
export function parseLdif(text: string): Record<string, string[]>[] {
  const blocks = text.split(/\n\n+/).filter((block) => /^dn:/m.test(block));
  return blocks.map((block) => {
    const entry: Record<string, string[]> = {};
    for (const line of block.split('\n')) {
      const match = /^([^:#\s][^:]*):(:?) ?(.*)$/.exec(line);
      if (match === null) continue;
      const [, name = '', encoded = '', raw = ''] = match;
      const value = encoded === '' ? raw : decoded(raw);
      (entry[name.toLowerCase()] ??= []).push(value);
    }
    return entry;
  });
}
