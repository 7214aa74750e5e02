import { Option } from 'commander';
import type { Command } from 'commander';
import { z } from 'zod';
import { ENTITY_TYPES } from '../../core/entity-type.js';
import { UNKNOWN_CAUSES } from '../../core/sync/read-safety.js';
import { limitOption } from '../plan/limit.js';
import { call, remoteCommand } from '../plan/remote.js';
import type { RemoteOptions } from '../plan/remote.js';

const details = z.object({
  unknown: z.array(z.object({ entity: z.string(), cause: z.string(), meaning: z.string(), count: z.number() })),
});
const list = z.object({
  items: z.array(z.object({ entity: z.string(), cause: z.string(), sourceKey: z.string() })),
  next: z.string().nullable(),
});

interface UnknownOptions extends RemoteOptions {
  readonly type?: string;
  readonly cause?: string;
  readonly limit: string;
  readonly after?: string;
}

/** `muster unknown <job>`: who was neither present nor absent in a job, and why. */
export function unknownCommand(): Command {
  return remoteCommand('unknown')
    .description('show who was neither present nor absent in a job: counts with their causes, then the entities')
    .argument('<job>', 'id of the job')
    .addOption(new Option('--type <type>').choices(ENTITY_TYPES))
    .addOption(new Option('--cause <cause>').choices(UNKNOWN_CAUSES))
    .addOption(limitOption('entities shown', 20))
    .option('--after <position>', 'go on after this position')
    .action(async (job: string, { type, cause, limit, after, ...remote }: UnknownOptions) => {
      const { unknown } = details.parse(await call(remote, 'GET', `/jobs/${job}`));
      for (const row of unknown) console.log(`${row.count} ${row.entity} ${row.cause}: ${row.meaning}`);
      if (unknown.length === 0) console.log('nobody was unknown');
      const query = new URLSearchParams({ limit });
      for (const [name, value] of Object.entries({ type, cause, after }))
        if (value !== undefined) query.set(name, value);
      const page = list.parse(await call(remote, 'GET', `/jobs/${job}/unknown?${query.toString()}`));
      for (const item of page.items)
        console.log(`  ${item.entity} ${item.sourceKey.replaceAll(/\p{Cc}/gu, ' ')} (${item.cause})`);
      if (page.next !== null) console.log(`More: --after ${page.next}`);
    });
}
