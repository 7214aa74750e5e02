import { isJsonObject } from '../../../core/json.js';
import type { JsonObject } from '../../../core/json.js';
import { withGroups } from '../../support/engine.js';
import type { FaultTarget, FaultWorld } from '../support/fault-world.js';
import { PEOPLE } from './commands.js';
import type { TargetTrouble } from './commands.js';

const WRITES = { methods: ['POST', 'PUT', 'PATCH', 'DELETE'] };
const AN_HOUR_MS = 3_600_000;

/** Does to a target what a command says. */
export async function trouble(world: FaultWorld, target: FaultTarget, command: TargetTrouble): Promise<void> {
  const { faults } = target.simulator;
  switch (command.kind) {
    case 'refuse': {
      const { status, times, skip } = command;
      faults.arm({ effect: { kind: 'status', status }, match: WRITES, times, skip });
      return;
    }
    case 'throttle': {
      const { times, skip } = command;
      faults.arm({ effect: { kind: 'status', status: 429, retryAfter: 1 }, match: WRITES, times, skip });
      return;
    }
    case 'loseAnswers': {
      const { times, skip } = command;
      faults.arm({ effect: { kind: 'applyThenDrop' }, match: WRITES, times, skip });
      return;
    }
    case 'targetClock':
      return target.simulator.setClockSkewMs(command.minutes * 60_000);
    case 'down':
      return target.simulator.down();
    case 'up':
      return target.simulator.up();
    case 'disable':
    case 'enable':
      return world.engine.setEnabled(target.system, command.kind === 'enable');
    case 'map':
      target.drops.clear();
      if (command.drops === 'title') target.drops.add('title');
      return world.engine.setTransformation(target.system, writeWithout(command.drops));
    case 'stranger':
      return meetStranger(world, target, PEOPLE[command.person] ?? '', command.isYoung);
    case 'vanish':
      return vanish(target, PEOPLE[command.person] ?? '');
  }
}

/** What a young one holds is never what we send: nothing but that would tell them apart. */
function meetStranger(world: FaultWorld, target: FaultTarget, id: string, isYoung: boolean): void {
  if (accountOf(target, id) !== undefined) return;
  if (isYoung) world.addStranger(target, id, { nickName: 'somebody else' });
  else world.addStranger(target, id, {}, Date.now() - AN_HOUR_MS);
}

/** Somebody removes an account of ours in the target itself. */
function vanish(target: FaultTarget, id: string): void {
  const account = accountOf(target, id);
  const key = typeof account?.['id'] === 'string' ? account['id'] : '';
  if (account === undefined || target.strangers.has(key)) return;
  target.simulator.store.remove('User', key);
  const name = `${id}@example.com`.toLowerCase();
  target.vanished.set(name, (target.vanished.get(name) ?? 0) + 1);
}

function accountOf(target: FaultTarget, id: string): JsonObject | undefined {
  return target.simulator.store.find('User', 'userName', `${id}@example.com`)[0];
}

function writeWithout(attribute: 'title' | 'nothing'): JsonObject {
  const write = withGroups('target');
  const user = write['user'];
  if (attribute === 'nothing' || !isJsonObject(user) || !Array.isArray(user['mappings'])) return write;
  const mappings = [...user['mappings'], { type: 'remove', targetPath: `$.${attribute}` }];
  return { ...write, user: { ...user, mappings } };
}
