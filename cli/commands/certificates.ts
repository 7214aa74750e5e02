import { writeFile } from 'node:fs/promises';
import { Command } from 'commander';
import { z } from 'zod';
import { call, download, remoteCommand, systemId } from '../plan/remote.js';
import type { RemoteOptions } from '../plan/remote.js';
import { StackError } from '../stack-error.js';

const certificate = z.object({
  id: z.string(),
  status: z.string(),
  subject: z.string(),
  issuer: z.string(),
  signatureAlgorithm: z.string(),
  keySize: z.number(),
  validFrom: z.string(),
  validUntil: z.string(),
  fingerprint: z.string(),
  warning: z.string().nullable(),
});
type Certificate = z.infer<typeof certificate>;

const certificates = z.object({ items: z.array(certificate), automaticRegeneration: z.boolean() });

/** `muster certificates …`: outbound certificates of a system. */
export function certificatesCommand(): Command {
  return new Command('certificates')
    .description('outbound certificates: client certificates of systems for mutual TLS with their back ends')
    .addCommand(listCommand())
    .addCommand(generateCommand())
    .addCommand(downloadCommand())
    .addCommand(actionCommand('activate', 'make a certificate the active one', 'POST', '/activate'))
    .addCommand(actionCommand('delete', 'delete an inactive certificate with its key', 'DELETE', ''))
    .addCommand(regenerationCommand());
}

function listCommand(): Command {
  return ofSystem('list', 'show the certificates of a system').action(async (system: string, remote: RemoteOptions) => {
    const { items, automaticRegeneration } = await read(remote, await pathOf(remote, system));
    for (const line of items.flatMap(linesOf)) console.log(line);
    if (items.length === 0) console.log('no certificate');
    console.log(`automatic regeneration: ${automaticRegeneration ? 'on' : 'off'}`);
  });
}

function generateCommand(): Command {
  return ofSystem('generate', 'generate a certificate: the first one is active, the second one is not').action(
    async (system: string, remote: RemoteOptions) => {
      const answer = await call(remote, 'POST', await pathOf(remote, system));
      console.log(z.object({ message: z.string() }).parse(answer).message);
      for (const line of linesOf(certificate.parse(answer))) console.log(line);
    },
  );
}

function downloadCommand(): Command {
  return ofCertificate('download', 'download the public part of a certificate, for upload to the back end')
    .option('--out <file>', 'where to; default: the terminal')
    .action(async (system: string, mark: string, { out, ...remote }: RemoteOptions & { readonly out?: string }) => {
      const path = await pathOf(remote, system);
      const { content } = await download(remote, 'GET', `${path}/${(await find(remote, path, mark)).id}/download`);
      if (out === undefined) console.log(content.toString().trimEnd());
      else await writeFile(out, content);
    });
}

function actionCommand(name: string, description: string, method: 'POST' | 'DELETE', rest: string): Command {
  return ofCertificate(name, description).action(async (system: string, mark: string, remote: RemoteOptions) => {
    const path = await pathOf(remote, system);
    const { id, fingerprint } = await find(remote, path, mark);
    await call(remote, method, `${path}/${id}${rest}`);
    console.log(`${name}: ${fingerprint}`);
  });
}

function regenerationCommand(): Command {
  return ofSystem('regenerate', 'switch automatic regeneration on or off')
    .argument('<on|off>', 'on: 14 days before it expires the active certificate is replaced')
    .action(async (system: string, text: string, remote: RemoteOptions) => {
      if (text !== 'on' && text !== 'off') throw new StackError(`${text} is neither on nor off`);
      const path = `${await pathOf(remote, system)}/automatic-regeneration`;
      const answer = await call(remote, 'PUT', path, { enabled: text === 'on' });
      const { warning } = z.object({ warning: z.string().nullable() }).parse(answer);
      console.log(`automatic regeneration: ${text}${warning === null ? '' : `\n${warning}`}`);
    });
}

function ofSystem(name: string, description: string): Command {
  return remoteCommand(name).description(description).argument('<system>', 'id or name of the system');
}

function ofCertificate(name: string, description: string): Command {
  return ofSystem(name, description).argument('<certificate>', 'its id, or the begin of its fingerprint');
}

async function pathOf(remote: RemoteOptions, system: string): Promise<string> {
  return `/systems/${await systemId(remote, system)}/certificates`;
}

async function read(remote: RemoteOptions, path: string): Promise<z.infer<typeof certificates>> {
  return certificates.parse(await call(remote, 'GET', path));
}

async function find(remote: RemoteOptions, path: string, mark: string): Promise<Certificate> {
  const { items } = await read(remote, path);
  const begin = mark.toUpperCase();
  const found = items.filter(({ id, fingerprint }) => id.toUpperCase() === begin || fingerprint.startsWith(begin));
  if (mark !== '' && found.length === 1 && found[0] !== undefined) return found[0];
  throw new StackError(`${found.length} certificates of the system are meant by "${mark}"; give its id`);
}

function linesOf(one: Certificate): string[] {
  return [
    `${one.status} ${one.id}`,
    `  fingerprint: ${one.fingerprint}`,
    `  subject: ${one.subject}`,
    `  issuer: ${one.issuer}`,
    `  ${one.signatureAlgorithm}, ${one.keySize} bits, valid from ${one.validFrom} until ${one.validUntil}`,
    ...(one.warning === null ? [] : [`  warning: ${one.warning}`]),
  ];
}
