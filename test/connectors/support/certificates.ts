import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A certificate authority of one test and certificates that it signs for 127.0.0.1. */
export interface TestCa {
  /** PEM. */
  readonly certificate: string;
  /** Server key and certificate, valid from `fromDays` to `toDays` from now. */
  issue(validity?: { readonly fromDays: number; readonly toDays: number }): { key: string; cert: string };
}

/** Makes a CA with the openssl command. */
export function createTestCa(): TestCa {
  const folder = mkdtempSync(join(tmpdir(), 'muster-ca-'));
  try {
    const ca = { key: join(folder, 'ca.key'), cert: join(folder, 'ca.crt') };
    openssl([
      'req',
      '-x509',
      '-newkey',
      'ec',
      '-pkeyopt',
      'ec_paramgen_curve:P-256',
      '-nodes',
      '-days',
      '2',
      '-subj',
      '/CN=Test CA',
      '-keyout',
      ca.key,
      '-out',
      ca.cert,
    ]);
    const authority = { key: readFileSync(ca.key, 'utf8'), cert: readFileSync(ca.cert, 'utf8') };
    return {
      certificate: authority.cert,
      issue: (validity = { fromDays: 0, toDays: 1 }) => issue(authority, validity),
    };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function issue(
  authority: { key: string; cert: string },
  validity: { readonly fromDays: number; readonly toDays: number },
): { key: string; cert: string } {
  const folder = mkdtempSync(join(tmpdir(), 'muster-cert-'));
  const path = (name: string): string => join(folder, name);
  try {
    writeFileSync(path('ca.key'), authority.key);
    writeFileSync(path('ca.crt'), authority.cert);
    writeFileSync(path('index'), '');
    writeFileSync(path('serial'), '01');
    writeFileSync(path('config'), configuration(folder));
    openssl([
      'req',
      '-newkey',
      'ec',
      '-pkeyopt',
      'ec_paramgen_curve:P-256',
      '-nodes',
      '-subj',
      '/CN=127.0.0.1',
      '-keyout',
      path('key'),
      '-out',
      path('csr'),
    ]);
    openssl([
      'ca',
      '-batch',
      '-notext',
      '-config',
      path('config'),
      '-in',
      path('csr'),
      '-out',
      path('crt'),
      '-startdate',
      date(validity.fromDays),
      '-enddate',
      date(validity.toDays),
    ]);
    return { key: readFileSync(path('key'), 'utf8'), cert: readFileSync(path('crt'), 'utf8') };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function configuration(folder: string): string {
  return `[ca]
default_ca = it
[it]
database = ${folder}/index
serial = ${folder}/serial
new_certs_dir = ${folder}
certificate = ${folder}/ca.crt
private_key = ${folder}/ca.key
default_md = sha256
policy = any
x509_extensions = server
[any]
commonName = supplied
[server]
subjectAltName = IP:127.0.0.1
`;
}

function date(days: number): string {
  return new Date(Date.now() + days * 86_400_000 - 60_000).toISOString().replace(/[-:T]|\.\d+/g, '');
}

function openssl(args: string[]): void {
  execFileSync('openssl', args, { stdio: 'pipe' });
}
