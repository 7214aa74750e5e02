import { text } from 'node:stream/consumers';
import { Command } from 'commander';
import { loadConfig } from '../../runtime/config.js';
import type { Config } from '../../runtime/config.js';
import { loadEdgeFile } from '../../runtime/edge/edge-file.js';
import { loadEdgeKey } from '../../runtime/edge/key-file.js';
import { parsePublicKey, publicKeyText } from '../../runtime/edge/keys.js';
import { sealCredential } from '../../runtime/edge/sealed-credential.js';
import { tellParentReady, untilAskedToStop } from '../../runtime/node-child.js';
import { StackError } from '../stack-error.js';

/** What `worker/edge/main.js` exports. */
interface EdgeModule {
  readonly startEdgeWorker: (
    config: Config,
    overrides: { readonly signal: AbortSignal },
  ) => Promise<{ stop(): Promise<void>; readonly exited: Promise<unknown> }>;
}

/** `muster edge`: one edge worker in a private network, until it is asked to stop; `key` and `seal` are for those who set it up. */
export function edgeCommand(): Command {
  return new Command('edge')
    .description('start one edge worker in a private network (needs TEMPORAL_ADDRESS and edge.json; no database)')
    .action(run)
    .addCommand(keyCommand())
    .addCommand(sealCommand());
}

async function run(): Promise<void> {
  const stopRequested = untilAskedToStop();
  const { startEdgeWorker }: EdgeModule = await import('../../worker/edge/main.js');
  const waiting = new AbortController();
  void stopRequested.then(() => waiting.abort());
  const worker = await startEdgeWorker(loadConfig(), { signal: waiting.signal });
  tellParentReady();
  await Promise.race([stopRequested, worker.exited]);
  await worker.stop();
  if (process.connected) process.disconnect();
}

function keyCommand(): Command {
  return new Command('key')
    .description('show the public key of this edge worker, made on the first call')
    .action(async () => {
      const { keyFile } = await loadEdgeFile(loadConfig().edgeConfigFile);
      console.log(publicKeyText((await loadEdgeKey(keyFile)).publicKey));
    });
}

function sealCommand(): Command {
  return new Command('seal')
    .description('seal a credential, read from the standard input, for the edge workers of a location only')
    .argument('<property>', 'the property that it is the value of, for example ldap.password')
    .option('--key <key>', 'public key of the location; default: of this edge worker')
    .action(async (property: string, { key }: { readonly key?: string }) => {
      const clear = (await text(process.stdin)).replace(/\r?\n$/, '');
      if (clear === '') throw new StackError('nothing was entered: give the credential on the standard input');
      const publicKey = key === undefined ? await ownKey() : parsePublicKey(key);
      console.log(sealCredential(publicKey, property, clear));
    });
}

async function ownKey(): Promise<Buffer> {
  const { keyFile } = await loadEdgeFile(loadConfig().edgeConfigFile);
  return (await loadEdgeKey(keyFile)).publicKey;
}
