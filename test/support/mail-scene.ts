import { createMailer } from '../../runtime/mailer.js';
import { addRecipient } from '../../state/notifications/index.js';
import type { Recipient } from '../../state/notifications/index.js';
import type { Topic } from '../../core/notifications/topics.js';
import { TestEngine } from './engine.js';
import type { TestSystem } from './engine.js';
import { startMailServer } from './mail-server.js';
import type { MailServer } from './mail-server.js';
import { person } from './world.js';
import type { JobResult, World, WorldTarget } from './world.js';
import type { JobEnd } from './notification-rows.js';

/** An engine that sends mails to a real server, with a clock that can be put forward. */
export class MailScene {
  private constructor(
    readonly engine: TestEngine,
    readonly server: MailServer,
    private readonly time: { aheadMs: number },
  ) {}

  static async start(): Promise<MailScene> {
    const server = await startMailServer();
    const time = { aheadMs: 0 };
    const clock = (): Date => new Date(Date.now() + time.aheadMs);
    return new MailScene(await TestEngine.start({ clock, mailer: createMailer(server.settings) }), server, time);
  }

  /** Time of the engine. */
  now(): Date {
    return new Date(Date.now() + this.time.aheadMs);
  }

  /** It is then at once. */
  passTo(then: Date): void {
    this.time.aheadMs = then.getTime() - Date.now();
  }

  /** So much time goes by at once. */
  pass(ms: number): void {
    this.time.aheadMs += ms;
  }

  async subscribe(source: TestSystem, email: string, topics: readonly Topic[] = ['jobs']): Promise<Recipient> {
    const added = await addRecipient(
      this.engine.pool,
      source.no,
      'jobs',
      { name: 'Team', email, topics, addedBy: 'test' },
      100,
    );
    if (added.kind !== 'added') throw new Error(`${email} was not added: ${added.kind}`);
    return added.recipient;
  }

  /** What arrives in one round of the outbox: the subjects, without the name of the source. */
  async round(email?: string): Promise<string[]> {
    await this.engine.activities.sendMails();
    return this.server.newSubjects(email).map((subject) => subject.replace(/\. Source System: .*/s, ''));
  }

  /** Everything in the outbox: who, what became of it, and why. */
  async outbox(): Promise<{ email: string; state: string; attempts: number; lastError: string | null }[]> {
    return this.engine.pool.query(
      'select email, state, attempts, last_error as "lastError" from mail order by event_no, recipient_no',
    );
  }

  async stop(): Promise<void> {
    await this.engine.stop();
    await this.server.stop();
  }
}

/** Without repetitions: a system that is away is found out at once. */
export const NO_RETRIES = { 'ips.failed.request.retry.attempts': '0' };

let people = 0;

/** Runs a job of the world that comes to this end; the source needs {@link NO_RETRIES}. */
export async function jobThatEnds(world: World, { simulator }: WorldTarget, end: JobEnd): Promise<JobResult> {
  const { engine, source, hr } = world;
  people += 1;
  if (end === 'stop') {
    const { runKey, jobId } = await engine.request(hr);
    await engine.activities.openRun({ runKey });
    await engine.requestStop(jobId);
    await engine.activities.finishRun({ runKey, end: 'stopped' });
    return world.result(jobId);
  }
  if (end === 'fail') {
    source.store.add('User', person(`new${people}`));
    simulator.faults.arm({ effect: { kind: 'status', status: 400 }, match: { methods: ['POST'] } });
  }
  if (end === 'nocon') source.faults.arm({ effect: { kind: 'status', status: 503 } });
  const result = await world.job();
  simulator.faults.clear();
  source.faults.clear();
  return result;
}
