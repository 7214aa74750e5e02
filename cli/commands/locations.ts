import { Command } from 'commander';
import { z } from 'zod';
import { call, remoteCommand } from '../plan/remote.js';
import type { RemoteOptions } from '../plan/remote.js';

const location = z.object({ id: z.string(), publicKey: z.string(), createdBy: z.string(), createdAt: z.string() });
const locations = z.object({ items: z.array(location), centralKey: z.string() });
const registered = z.object({ centralKey: z.string() });

/** `muster locations …`: private networks with edge workers. */
export function locationsCommand(): Command {
  return new Command('locations')
    .description('private networks whose systems are reached through edge workers')
    .addCommand(listCommand())
    .addCommand(registerCommand())
    .addCommand(removeCommand());
}

function listCommand(): Command {
  return remoteCommand('list')
    .description('show the locations and the key of this installation')
    .action(async (remote: RemoteOptions) => {
      const { items, centralKey } = locations.parse(await call(remote, 'GET', '/locations'));
      for (const { id, publicKey, createdBy, createdAt } of items)
        console.log(`${id}  ${publicKey}  registered by ${createdBy} on ${createdAt}`);
      if (items.length === 0) console.log('no location');
      console.log(`key of this installation ("central"): ${centralKey}`);
    });
}

function registerCommand(): Command {
  return remoteCommand('register')
    .description('register the key of the edge workers of a location, in place of an earlier one')
    .argument('<location>', '"default", or what CloudConnectorLocationId of its systems says')
    .argument('<key>', 'as "muster edge key" shows it')
    .action(async (id: string, publicKey: string, remote: RemoteOptions) => {
      const answer = await call(remote, 'PUT', `/locations/${encodeURIComponent(id)}`, { publicKey });
      console.log(`"central": "${registered.parse(answer).centralKey}"`);
    });
}

function removeCommand(): Command {
  return remoteCommand('remove')
    .description('forget a location that no system uses any more')
    .argument('<location>')
    .action(async (id: string, remote: RemoteOptions) => {
      await call(remote, 'DELETE', `/locations/${encodeURIComponent(id)}`);
      console.log(`removed: ${id}`);
    });
}
