import type { Command } from 'commander';
import { z } from 'zod';
import { call, remoteCommand } from '../plan/remote.js';
import type { RemoteOptions } from '../plan/remote.js';

const counted = z.object({ users: z.number(), correlatedUsers: z.number(), identities: z.number().nullable() });

/** `muster identities`: how many people are managed (STA-14). */
export function identitiesCommand(): Command {
  return remoteCommand('identities')
    .description('count the people that the users of all sources are, by their correlation attributes')
    .action(async (options: RemoteOptions) => {
      const { users, correlatedUsers, identities } = counted.parse(await call(options, 'GET', '/identities'));
      const text = (count: number): string => count.toLocaleString('en');
      const people = identities === null ? 'too many to be counted' : text(identities);
      console.log(`managed identities: ${people}`);
      console.log(`users: ${text(users)}, with a correlation attribute: ${text(correlatedUsers)}`);
    });
}
