/**
 * A worker process of the fault tests: what `muster worker` starts, with short leases and short chunks, and with a listener that kills or
 * stops the process at a named moment. Argument: `{ moment, nth, signal, afterMs }`, all optional together.
 */
import { createRegistry } from '../../../dist/connectors/registry.js';
import { loadConfig } from '../../../dist/runtime/config.js';
import { tellParentReady, untilAskedToStop } from '../../../dist/runtime/node-child.js';
import { startWorker } from '../../../dist/worker/main.js';

/** A lease is over 14 s after it was given, and may be taken over two seconds later: about when Temporal gives the attempt up. */
const TIMING = { leaseMarginMs: 12_000, chunkMs: 1_000, idlePollMs: 50 };
const REQUEST_TIMEOUT_MS = 2_000;

const { moment: armed, nth = 1, signal, afterMs = 0 } = JSON.parse(process.argv[2] ?? '{}');
let times = 0;

function reached(moment) {
  if (moment !== armed) return;
  times += 1;
  if (times !== nth) return;
  if (afterMs > 0) setTimeout(strike, afterMs);
  else strike();
}

function strike() {
  process.kill(process.pid, signal);
  // Nothing is done any more until the signal has come.
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 200);
}

const registry = createRegistry();
function connectorFactory(name) {
  const factory = registry.find(name);
  return (
    factory && {
      ...factory,
      capabilities: (...given) => ({ ...factory.capabilities(...given), requestTimeoutMs: REQUEST_TIMEOUT_MS }),
    }
  );
}

const stopRequested = untilAskedToStop();
const worker = await startWorker(loadConfig(), {
  engine: { timing: TIMING, connectorFactory, reached },
  continuingAsNew: () => reached('continuingAsNew'),
});
tellParentReady();
await Promise.race([stopRequested, worker.exited]);
await worker.stop();
if (process.connected) process.disconnect();
