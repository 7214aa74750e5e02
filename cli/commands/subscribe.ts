import type { Command } from 'commander';
import { z } from 'zod';
import { DEFAULT_TOPICS, TOPICS } from '../../core/notifications/topics.js';
import { call, remoteCommand, systemId } from '../plan/remote.js';
import type { RemoteOptions } from '../plan/remote.js';
import { StackError } from '../stack.js';

interface SubscribeOptions extends RemoteOptions {
  readonly name?: string;
  readonly topic: readonly string[];
}

const recipients = z.object({ items: z.array(z.object({ id: z.string(), email: z.string() })) });

/** `muster subscribe <system> <email>`: somebody is told of the jobs of a source. */
export function subscribeCommand(): Command {
  return remoteCommand('subscribe')
    .description('tell somebody by e-mail of failed jobs of a source, and of changes that wait for approval')
    .argument('<system>', 'id or name of the source')
    .argument('<email>', 'address of a person or a distribution list')
    .option('--name <name>', 'display name; default: the address')
    .option(
      '--topic <topic>',
      `one of ${TOPICS.join(', ')}; may be repeated; default: ${DEFAULT_TOPICS.join(' and ')}`,
      (topic: string, topics: readonly string[]) => [...topics, topic],
      [],
    )
    .action(async (system: string, email: string, { name, topic, ...remote }: SubscribeOptions) => {
      const body = { name: name ?? email, email, ...(topic.length > 0 && { topics: topic }) };
      await call(remote, 'POST', `/systems/${await systemId(remote, system)}/recipients`, body);
      console.log(`${email} is told of ${system}`);
    });
}

/** `muster unsubscribe <system> <email>`. */
export function unsubscribeCommand(): Command {
  return remoteCommand('unsubscribe')
    .description('tell somebody of the jobs of a source no more')
    .argument('<system>', 'id or name of the source')
    .argument('<email>', 'address that is subscribed, in any case')
    .action(async (system: string, email: string, remote: RemoteOptions) => {
      const path = `/systems/${await systemId(remote, system)}/recipients`;
      const { items } = recipients.parse(await call(remote, 'GET', path));
      const found = items.find((one) => one.email.toLowerCase() === email.toLowerCase());
      if (found === undefined) throw new StackError(`${email} is not subscribed to ${system}`);
      await call(remote, 'DELETE', `${path}/${found.id}`);
      console.log(`${email} is not told of ${system} any more`);
    });
}
