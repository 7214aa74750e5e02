/**
 * An API process of the fault tests: what `muster api` starts, except that it dies when it is about to start its n-th workflow, or starts
 * workflows with short histories. Argument: `{ dieAtStart, chunksPerHistory }`, both optional.
 */
import { startApi } from '../../../dist/api/main.js';
import { RunStarter } from '../../../dist/api/reconciler/start-run.js';
import { loadConfig } from '../../../dist/runtime/config.js';
import { tellParentReady, untilAskedToStop } from '../../../dist/runtime/node-child.js';

const { dieAtStart, chunksPerHistory } = JSON.parse(process.argv[2] ?? '{}');
let starts = 0;
const attempt = RunStarter.prototype.attempt;
RunStarter.prototype.attempt = function (client, start) {
  starts += 1;
  if (starts === dieAtStart) process.kill(process.pid, 'SIGKILL');
  if (chunksPerHistory !== undefined) start.options.args[0] = { ...start.options.args[0], chunksPerHistory };
  return attempt.call(this, client, start);
};

const stopRequested = untilAskedToStop();
const { bootstrapPassword, stop } = await startApi(loadConfig());
tellParentReady(bootstrapPassword === undefined ? {} : { bootstrapPassword });
await stopRequested;
await stop();
if (process.connected) process.disconnect();
