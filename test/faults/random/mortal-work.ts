import type { EngineProcess } from '../../support/engine.js';
import type { FaultWorld } from '../support/fault-world.js';
import { WatchedProcess } from '../support/watched-process.js';
import type { During, SourceEdit } from './commands.js';

/** What the middle of some work may bring. */
export interface Interruptions {
  readonly edit: (edit: SourceEdit) => void;
  /** Absent: there is nothing to stop. */
  readonly stop?: () => Promise<void>;
}

/**
 * Work by one process after the other: each goes on where the one before has died. Ends when one lives to its end, or when the workflow
 * gets lost; then `lost` is called.
 */
export async function inMortalProcesses(
  world: FaultWorld,
  during: readonly During[],
  { edit, stop }: Interruptions,
  work: (process: EngineProcess) => Promise<void>,
  lost: () => Promise<void>,
): Promise<void> {
  const waiting = [...during].sort((a, b) => a.at - b.at);
  for (;;) {
    let isLost = false;
    let stopping: Promise<void> | undefined;
    const mortal = new WatchedProcess((statement, process) => {
      for (let next = waiting[0]; next !== undefined && next.at <= statement && !process.isDead; next = waiting[0]) {
        waiting.shift();
        const { deed } = next;
        isLost ||= deed.kind === 'lose';
        if (deed.kind === 'stop') stopping ??= stop?.();
        else if (isSourceEdit(deed)) edit(deed);
        else process.die(statement);
      }
    });
    await inProcess(world, mortal, work);
    await stopping;
    await untilQuiet(world);
    if (isLost) await lost();
    if (mortal.isDead) world.deaths += 1;
    if (!mortal.isDead || isLost) return;
    await world.expireLeases();
  }
}

async function inProcess(
  { engine }: FaultWorld,
  mortal: WatchedProcess,
  work: (process: EngineProcess) => Promise<void>,
): Promise<void> {
  const pool = mortal.pool(engine.databaseUrl);
  const process = engine.newProcess({
    pool,
    decorateFactory: (factory) => mortal.factory(factory),
    reached: mortal.reached,
  });
  try {
    await work(process);
  } catch (error) {
    if (!mortal.isDead) throw error;
  } finally {
    await process.activities.close();
    await pool.close();
  }
}

/** Requests of a process that died may still be under way; a lease would outlive them. */
async function untilQuiet(world: FaultWorld): Promise<void> {
  for (const { simulator } of world.targets)
    while (simulator.statistics().inFlight > 0) await new Promise((resolve) => setTimeout(resolve, 5));
}

function isSourceEdit(deed: During['deed']): deed is SourceEdit {
  return ['edit', 'leave', 'join', 'members'].includes(deed.kind);
}
