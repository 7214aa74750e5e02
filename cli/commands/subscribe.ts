import type { Command } from 'commander';
import { z } from 'zod';
import { DEFAULT_TOPICS, TOPICS } from '../../core/notifications/topics.js';
import { call, remoteCommand, systemId } from '../plan/remote.js';
import type { RemoteOptions } from '../plan/remote.js';
import { StackError } from '../stack-error.js';

interface SubscribeOptions extends RemoteOptions {
  readonly name?: string;
  readonly topic: readonly string[];
  readonly certificates: boolean;
}

interface UnsubscribeOptions extends RemoteOptions {
  readonly certificates: boolean;
}

/** The lists are separate: who is told of jobs hears nothing of certificates (CRT-8). */
const LISTS = { jobs: 'recipients', certificates: 'certificate-recipients' } as const;
const listOf = (ofCertificates: boolean): string => LISTS[ofCertificates ? 'certificates' : 'jobs'];
const CERTIFICATES = '--certificates';

const recipients = z.object({ items: z.array(z.object({ id: z.string(), email: z.string() })) });

/** `muster subscribe <system> <email>`: somebody is told of the jobs of a source, or of the certificates of a system. */
export function subscribeCommand(): Command {
  return remoteCommand('subscribe')
    .description('tell somebody by e-mail of failed jobs of a source, and of changes that wait for approval')
    .argument('<system>', 'id or name of the source; with --certificates of any system')
    .argument('<email>', 'address of a person or a distribution list')
    .option('--name <name>', 'display name; default: the address')
    .option(
      '--topic <topic>',
      `one of ${TOPICS.join(', ')}; may be repeated; default: ${DEFAULT_TOPICS.join(' and ')}`,
      (topic: string, topics: readonly string[]) => [...topics, topic],
      [],
    )
    .option(CERTIFICATES, 'instead of its jobs: that its outbound certificates end or are renewed', false)
    .action(async (system: string, email: string, { name, topic, certificates, ...remote }: SubscribeOptions) => {
      if (certificates && topic.length > 0)
        throw new StackError('topics belong to jobs: give --topic or --certificates');
      const body = { name: name ?? email, email, ...(topic.length > 0 && { topics: topic }) };
      await call(remote, 'POST', `/systems/${await systemId(remote, system)}/${listOf(certificates)}`, body);
      console.log(`${email} is told of ${certificates ? `the certificates of ${system}` : system}`);
    });
}

/** `muster unsubscribe <system> <email>`. */
export function unsubscribeCommand(): Command {
  return remoteCommand('unsubscribe')
    .description('tell somebody of the jobs of a source no more')
    .argument('<system>', 'id or name of the source; with --certificates of any system')
    .argument('<email>', 'address that is subscribed, in any case')
    .option(CERTIFICATES, 'instead of its jobs: of its outbound certificates', false)
    .action(async (system: string, email: string, { certificates, ...remote }: UnsubscribeOptions) => {
      const path = `/systems/${await systemId(remote, system)}/${listOf(certificates)}`;
      const { items } = recipients.parse(await call(remote, 'GET', path));
      const found = items.find((one) => one.email.toLowerCase() === email.toLowerCase());
      if (found === undefined) throw new StackError(`${email} is not subscribed to ${system}`);
      await call(remote, 'DELETE', `${path}/${found.id}`);
      console.log(`${email} is not told of ${system} any more`);
    });
}
