import type { WriteResult } from '../../connectors/contract.js';
import { isConnectorError } from '../../connectors/errors.js';
import type { ConnectorError } from '../../connectors/errors.js';
import type { Memberships } from '../../core/transform/program.js';
import { withGroupLock } from './group-lock.js';
import type { GroupLock } from './group-lock.js';
import { withNotedUsers } from './members-only.js';
import type { Failure } from './outcomes.js';
import { NotSentError } from './work.js';
import type { DrainEnvironment, Work } from './work.js';
import { errorClassOf, send } from './write-errors.js';

/** Users in one request at most; more than this never wait at once, because each of them keeps a slot of the drain. */
const MAX_TOGETHER = 50;

/** A group that could not be changed for a user. */
export class GroupMembershipError extends Error {
  override readonly name = 'GroupMembershipError';
  constructor(
    readonly groupId: string,
    readonly variable: 'assignGroup' | 'unassignGroup',
    override readonly cause: ConnectorError,
  ) {
    super(cause.message, { cause });
  }
}

/** What the entity log says of it. */
export function failureOf({ groupId, variable, cause }: GroupMembershipError): Failure {
  const code = cause.status?.toString() ?? cause.kind;
  if (cause.kind !== 'notFound')
    return { errorClass: errorClassOf(cause), code, message: `${variable} of group ${groupId}: ${cause.adminMessage}` };
  const message = `${variable} names group ${groupId}, which does not exist in the target; create it there or correct the mapping`;
  return { errorClass: 'missingReference', code, message };
}

/** One user who joins or leaves a group. */
interface Step {
  readonly work: Work;
  readonly userId: string;
  readonly change: 'add' | 'remove';
  readonly done: () => void;
  readonly failed: (error: unknown) => void;
}

/**
 * Puts users into groups of the target and takes them out of groups (VAR-10, VAR-11). A group is changed by one request at a time; users
 * who come meanwhile go with the next one together, so that a thousand new members do not wait for each other one by one.
 */
export class GroupMembers {
  private readonly waiting = new Map<string, Step[]>();

  /**
   * Leaves first, then joins, all of them even when one fails. `ignoreMissing`: a group that does not exist is no failure (VAR-12, during
   * deletion). Throws {@link GroupMembershipError} for the first group that failed, and what `send` throws for what concerns more than the user.
   */
  async carryOut(
    env: DrainEnvironment,
    work: Work,
    userId: string,
    memberships: Memberships,
    { ignoreMissing }: { readonly ignoreMissing: boolean },
  ): Promise<void> {
    const steps = [
      ...memberships.unassign.map((groupId) => ({ groupId, change: 'remove' as const })),
      ...memberships.assign.map((groupId) => ({ groupId, change: 'add' as const })),
    ];
    let failure: GroupMembershipError | undefined;
    for (const { groupId, change } of steps) {
      try {
        await this.enqueue(env, groupId, { work, userId, change });
      } catch (error) {
        if (!isConnectorError(error)) throw error;
        if (error.kind === 'notFound' && ignoreMissing) continue;
        failure ??= new GroupMembershipError(groupId, change === 'add' ? 'assignGroup' : 'unassignGroup', error);
      }
    }
    if (failure !== undefined) throw failure;
  }

  private enqueue(env: DrainEnvironment, groupId: string, step: Omit<Step, 'done' | 'failed'>): Promise<void> {
    return new Promise((done, failed) => {
      const waiting = this.waiting.get(groupId);
      const entry = { ...step, done, failed };
      if (waiting !== undefined) return void waiting.push(entry);
      const queue = [entry];
      this.waiting.set(groupId, queue);
      void this.work(env, groupId, queue);
    });
  }

  /** Never throws: whatever happens is told to those who wait. */
  private async work(env: DrainEnvironment, groupId: string, queue: Step[]): Promise<void> {
    while (queue.length > 0) await changeTogether(env, groupId, queue.splice(0, MAX_TOGETHER));
    this.waiting.delete(groupId);
  }
}

async function changeTogether(env: DrainEnvironment, groupId: string, steps: readonly Step[]): Promise<void> {
  try {
    await change(env, groupId, steps);
    for (const step of steps) step.done();
  } catch (error) {
    const isAboutOne = isConnectorError(error) && error.scope === 'entity' && error.kind !== 'notFound';
    if (!isAboutOne || steps.length === 1) for (const step of steps) step.failed(error);
    // Perhaps only one of them is refused: each on its own.
    else for (const step of steps) await changeTogether(env, groupId, [step]);
  }
}

async function change(env: DrainEnvironment, groupId: string, steps: readonly Step[]): Promise<void> {
  const { connector } = env;
  const { requestTimeoutMs } = env.tools.target.capabilities;
  const [first] = steps;
  if (first === undefined) return;
  const usersOf = (wanted: Step['change']): string[] =>
    steps.flatMap(({ change: made, userId }) => (made === wanted ? [userId] : []));
  const users = { add: usersOf('add'), remove: usersOf('remove') };
  const write = (lock: GroupLock): Promise<WriteResult> =>
    send(env, first.work, 'idempotent-write', async (options) => {
      await lock.hold();
      // Everybody in the request is under a lease of his own.
      const beforeWrite = (): void => {
        options.beforeWrite?.();
        for (const { work } of steps) {
          if (!work.clock.allows(requestTimeoutMs)) throw new NotSentError('a lease ends too soon');
          work.sent = true;
        }
      };
      if (connector.changeMembers === undefined) throw new Error('the connector assigns no groups');
      return connector.changeMembers(groupId, users, { ...options, beforeWrite });
    });
  await withGroupLock(env, first.work, groupId, (lock) =>
    withNotedUsers(env, first.work, groupId, users, () => write(lock)),
  );
}
