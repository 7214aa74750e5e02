import type { Command } from 'commander';
import { z } from 'zod';
import { call, remoteCommand, systemId } from '../plan/remote.js';
import type { RemoteOptions } from '../plan/remote.js';

const recipients = z.object({
  items: z.array(z.object({ name: z.string(), email: z.string(), topics: z.array(z.string()) })),
  mailServer: z.enum(['configured', 'missing']),
});
const notifications = z.object({
  failedJobs: z.number(),
  failingSince: z.string().nullable(),
  failedJob: z.string().nullable(),
  undeliverable: z.number(),
  mails: z.array(
    z.object({
      subject: z.string(),
      at: z.string(),
      to: z.object({ email: z.string() }),
      state: z.string(),
      nextAttemptAt: z.string().nullable(),
      error: z.string().nullable(),
    }),
  ),
});

/** `muster recipients <system>`: who is told of a source, where it stands, and what became of its mails. */
export function recipientsCommand(): Command {
  return remoteCommand('recipients')
    .description('show who is told of the jobs of a source, its failed jobs in a row, and what became of the mails')
    .argument('<system>', 'id or name of the source')
    .option('--limit <n>', 'mails shown', '20')
    .action(async (system: string, { limit, ...remote }: RemoteOptions & { readonly limit: string }) => {
      const path = `/systems/${await systemId(remote, system)}`;
      const told = recipients.parse(await call(remote, 'GET', `${path}/recipients`));
      const query = new URLSearchParams({ limit });
      const state = notifications.parse(await call(remote, 'GET', `${path}/notifications?${query.toString()}`));
      for (const line of [...recipientLines(told), ...stateLines(state)]) console.log(plain(line));
    });
}

function recipientLines({ items, mailServer }: z.infer<typeof recipients>): string[] {
  return [
    ...(mailServer === 'missing' ? ['No mail server is configured: nothing can be sent'] : []),
    ...items.map((one) => `${one.name} <${one.email}>: ${one.topics.join(', ')}`),
    ...(items.length === 0 ? ['nobody is subscribed'] : []),
  ];
}

function stateLines({
  failedJobs,
  failingSince,
  failedJob,
  undeliverable,
  mails,
}: z.infer<typeof notifications>): string[] {
  const streak =
    failedJobs === 0
      ? 'the last job did not fail'
      : `${failedJobs} failed jobs in a row since ${failingSince ?? '?'}, the last one ${failedJob ?? 'removed'}`;
  return [
    streak,
    ...(undeliverable > 0 ? [`undeliverable mails: ${undeliverable}`] : []),
    ...mails.map((mail) => {
      const next = mail.nextAttemptAt === null ? '' : ` until ${mail.nextAttemptAt}`;
      const error = mail.error === null ? '' : `: ${mail.error}`;
      return `  ${mail.at} ${mail.state}${next} ${mail.to.email} ${mail.subject}${error}`;
    }),
  ];
}

/** What others have written must not steer the terminal. */
function plain(line: string): string {
  return line.replaceAll(/\p{Cc}/gu, ' ');
}
