import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findServer, runProgram, startProgram, untilReady } from './program.js';
import { parseLdif } from './slapd.js';

/**
 * Samba as domain controller, as Debian packages it (`samba`, `samba-ad-provision`, `samba-dsdb-modules`, `samba-vfs-modules`, `ldb-tools`, `ldap-utils`).
 * It serves fixed ports and needs root.
 */
export function sambaIsAvailable(): boolean {
  const programs = ['samba', 'samba-tool', 'ldbadd', 'ldapsearch', 'ldapmodify', 'openssl'];
  return process.getuid?.() === 0 && programs.every((name) => findServer(name) !== undefined);
}

const ADMINISTRATOR = 'CN=Administrator,CN=Users,DC=example,DC=test';
const PASSWORD = 'Passw0rd.Admin';
const READY_TIMEOUT_MS = 30_000;
/** Stands for the folder of the domain in the configuration of one that is kept. */
const PLACE = '/folder-of-the-domain';

/** A running domain controller with a domain of its own. */
export interface SambaDc {
  /** Address of the loopback network that only this controller serves. */
  readonly address: string;
  readonly url: string;
  readonly tlsUrl: string;
  readonly globalCatalogUrl: string;
  /** PEM of the authority that has signed its certificate. */
  readonly authority: string;
  readonly baseDn: string;
  readonly administrator: string;
  readonly password: string;
  /** Applies LDIF with changes; plain entries are added. Throws Error with the answer of the server. */
  modify(ldif: string): void;
  /** Entries as OpenLDAP's own client sees them: attribute values by lower-case name, `dn` among them. */
  search(base: string, filter?: string, attributes?: readonly string[]): Record<string, string[]>[];
  /** Runs `samba-tool` on the controller's own database. */
  tool(...args: string[]): string;
  stop(): Promise<void>;
}

/** What a domain starts with. */
export interface SambaOptions {
  /** Entries that are put into the database before the controller runs: 4 ms each, less than half of what the server needs. */
  readonly ldif?: string;
  /** Folder in which an empty domain is kept for those who start a controller after this one; made when it is not there. */
  readonly keptDomain?: string | undefined;
}

/** Provisions a domain (about five seconds), or takes the one that is kept, and starts its controller. */
export async function startSamba({ ldif, keptDomain }: SambaOptions = {}): Promise<SambaDc> {
  const folder = mkdtempSync(join(tmpdir(), 'samba-'));
  // Its ports cannot be chosen, so each controller has an address of its own.
  const random = (): number => 2 + Math.floor(Math.random() * 250);
  const address = `127.${random()}.${random()}.${random()}`;
  if (keptDomain === undefined) provision(folder);
  else provisionOnce(keptDomain, folder);
  const tls = certificates(folder, address);
  const configuration = configure(folder, address, tls);
  const database = join(folder, 'private/sam.ldb');
  if (ldif !== undefined) load(folder, { database, configuration }, ldif);
  const program = startProgram(findServer('samba') ?? 'samba', [
    '-i',
    '-s',
    configuration,
    '--no-process-group',
    '--model=single',
    '--debug-stdout',
  ]);
  await untilReady(program, () => answers(address), READY_TIMEOUT_MS);
  const url = `ldap://${address}`;
  const tlsUrl = `ldaps://${address}`;
  const asAdministrator = ['-x', '-H', tlsUrl, '-D', ADMINISTRATOR, '-w', PASSWORD];
  const run = (command: string, args: readonly string[], input = ''): string =>
    runProgram('env', ['LDAPTLS_REQCERT=never', command, ...asAdministrator, ...args], input);
  return {
    address,
    url,
    tlsUrl,
    globalCatalogUrl: `ldaps://${address}:3269`,
    authority: readFileSync(tls.authority, 'utf8'),
    baseDn: 'DC=example,DC=test',
    administrator: ADMINISTRATOR,
    password: PASSWORD,
    modify: (ldif) => void run('ldapmodify', ['-a'], `${ldif.trim()}\n`),
    search: (base, filter = '(objectClass=*)', attributes = ['*']) =>
      parseLdif(run('ldapsearch', ['-LLL', '-o', 'ldif-wrap=no', '-b', base, filter, ...attributes])),
    tool: (...args) => runProgram('samba-tool', [...args, '-s', configuration, '-H', database]),
    stop: async () => {
      await program.stop();
      rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
    },
  };
}

/** The names of the folder stand in the configuration only, most of which is replaced anyway. */
function provisionOnce(kept: string, folder: string): void {
  if (!existsSync(kept)) {
    const draft = `${kept}.${process.pid}`;
    mkdirSync(draft);
    provision(draft);
    const file = join(draft, 'etc/smb.conf');
    writeFileSync(file, readFileSync(file, 'utf8').replaceAll(draft, PLACE));
    // Whole or not at all: others may be looking for it.
    if (existsSync(kept)) rmSync(draft, { recursive: true });
    else renameSync(draft, kept);
  }
  cpSync(kept, folder, { recursive: true, preserveTimestamps: true });
  const file = join(folder, 'etc/smb.conf');
  writeFileSync(file, readFileSync(file, 'utf8').replaceAll(PLACE, folder));
}

function provision(folder: string): void {
  runProgram('samba-tool', [
    'domain',
    'provision',
    '--realm=EXAMPLE.TEST',
    '--domain=EXAMPLE',
    '--server-role=dc',
    '--dns-backend=NONE',
    `--adminpass=${PASSWORD}`,
    `--targetdir=${folder}`,
    '--host-name=dc1',
  ]);
}

function load(folder: string, { database, configuration }: Record<'database' | 'configuration', string>, ldif: string) {
  const input = join(folder, 'initial.ldif');
  writeFileSync(input, `${ldif}\n`);
  // Tests start with an empty folder each time: what a crash of the machine would lose does not matter.
  runProgram('ldbadd', ['--nosync', `--configfile=${configuration}`, '-H', database, input]);
  rmSync(input);
}

/** Only what LDAP needs is started. */
function configure(folder: string, address: string, tls: ReturnType<typeof certificates>): string {
  const file = join(folder, 'etc/smb.conf');
  const provisioned = readFileSync(file, 'utf8').split('\n');
  const kept = provisioned.filter((line) => !/^\s*(server services|log file|logging)\s*=/.test(line));
  const start = kept.findIndex((line) => line.includes('[global]')) + 1;
  kept.splice(
    start,
    0,
    'server services = ldap',
    `interfaces = ${address}/8`,
    'bind interfaces only = yes',
    'tls enabled = yes',
    `tls cafile = ${tls.authority}`,
    `tls certfile = ${tls.certificate}`,
    `tls keyfile = ${tls.key}`,
    `pid directory = ${folder}`,
    `ncalrpc dir = ${join(folder, 'ncalrpc')}`,
    `ntp signd socket directory = ${join(folder, 'ntp')}`,
    `winbindd socket directory = ${join(folder, 'winbindd')}`,
  );
  writeFileSync(file, kept.join('\n'));
  return file;
}

/** An authority that exists only for this controller, and a certificate for its address, and for a relay before it on this machine. */
function certificates(folder: string, address: string) {
  const at = (name: string): string => join(folder, name);
  const files = { authority: at('ca.pem'), certificate: at('dc.pem'), key: at('dc.key') };
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  runProgram('openssl', [
    'req',
    '-x509',
    ...key,
    '-keyout',
    at('ca.key'),
    '-out',
    files.authority,
    '-days',
    '30',
    '-subj',
    '/CN=Test authority',
  ]);
  runProgram('openssl', ['req', ...key, '-keyout', files.key, '-out', at('dc.csr'), '-subj', '/CN=dc1.example.test']);
  writeFileSync(at('san'), `subjectAltName=IP:${address},IP:127.0.0.1,DNS:dc1.example.test\n`);
  runProgram('openssl', [
    'x509',
    '-req',
    '-in',
    at('dc.csr'),
    '-CA',
    files.authority,
    '-CAkey',
    at('ca.key'),
    '-CAcreateserial',
    '-days',
    '30',
    '-extfile',
    at('san'),
    '-out',
    files.certificate,
  ]);
  return files;
}

function answers(address: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: address, port: 636 });
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}
