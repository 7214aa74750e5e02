import { ApplicationFailure } from '@temporalio/common';
import type {
  AbsencePlan,
  ChunkResult,
  FinishedRun,
  HealablePairs,
  IntakeEnd,
  OpenedRun,
  RunActivities,
  RunInput,
} from '../../../activities/contract.js';
import { RUN_CLOSED } from '../../../activities/contract.js';

/** What was asked of the worker, as one readable line: `drain A user`, `drain A late user`, `finish completed`, … */
export type CallLine = string;

type Handler<R> = (attempt: number) => R | Promise<R>;

/** Answers by call line; what is not named answers as if there were nothing to do. */
export interface FakeAnswers {
  readonly open?: OpenedRun;
  readonly plan?: AbsencePlan;
  readonly chunks?: Readonly<Record<CallLine, Handler<ChunkResult>>>;
  readonly openRun?: Handler<OpenedRun>;
  readonly endIntake?: Handler<IntakeEnd | undefined>;
  readonly finishRun?: Handler<FinishedRun>;
  readonly describeProgress?: Handler<{ markdown: string }>;
  readonly healable?: HealablePairs;
  /** This round fails. */
  readonly healFailure?: CallLine;
}

/** A run with users and groups and the targets A and B. */
export const TWO_TARGETS: OpenedRun = {
  closed: false,
  mode: 'full',
  types: ['user', 'group'],
  targets: [
    { targetNo: 1, name: 'A', types: ['user', 'group'] },
    { targetNo: 2, name: 'B', types: ['user', 'group'] },
  ],
};

/** The same with one target and users only. */
export const ONE_TARGET: OpenedRun = {
  closed: false,
  mode: 'full',
  types: ['user'],
  targets: [{ targetNo: 1, name: 'A', types: ['user'] }],
};

export const NO_MORE: ChunkResult = { more: false };
export const MORE: ChunkResult = { more: true };

/** `more` until the n-th call, then done. */
export function nth(calls: number): Handler<ChunkResult> {
  return (call) => ({ more: call < calls });
}

/** The failure of an activity whose run belongs to somebody else. */
export function runClosed(): ApplicationFailure {
  return ApplicationFailure.nonRetryable('run 7 is closed', RUN_CLOSED);
}

/** Activities without an engine behind them: they write down what is asked and answer what the test says. */
export class FakeActivities {
  /** Every attempt, in order. */
  readonly calls: CallLine[] = [];
  private readonly waiting: { line: CallLine; resolve: () => void }[] = [];
  private readonly counts = new Map<CallLine, number>();

  constructor(private readonly answers: FakeAnswers) {}

  readonly activities: RunActivities = {
    openRun: () => this.answer('open', this.answers.openRun ?? (() => this.answers.open ?? TWO_TARGETS)),
    sweepPairs: () => this.chunk('sweep'),
    intakeChunk: ({ type }) => this.chunk(`intake ${type}`),
    endIntake: () => this.answer('end intake', this.answers.endIntake ?? (() => undefined)),
    drainChunk: ({ targetNo, type, late }) => this.chunk(`drain ${letter(targetNo)} ${late ? 'late ' : ''}${type}`),
    planAbsence: ({ targetNo }) => this.answer(`plan ${letter(targetNo)}`, () => this.answers.plan ?? { types: [] }),
    deleteChunk: ({ targetNo, type }) => this.chunk(`delete ${letter(targetNo)} ${type}`),
    simulateChunk: ({ targetNo, type, step }) => this.chunk(`simulate ${letter(targetNo)} ${step} ${type}`),
    finishRun: ({ end }) =>
      this.answer(
        `finish ${end}`,
        this.answers.finishRun ?? (() => ({ status: end === 'stopped' ? 'Manually Terminated' : 'Success' })),
      ),
    describeProgress: (input) => this.describe(input),
    requestScheduledRun: ({ at }) => this.answer(`point ${at}`, () => ({ outcome: 'started' })),
    findHealable: () => this.answer('find healable', () => this.answers.healable ?? { pairs: [] }),
    sendMails: () => this.heal('send mails'),
    tendCertificates: () => this.heal('tend certificates'),
    removeOldLogs: () => this.heal('remove old logs'),
    healPair: ({ sourceNo, targetNo }) => this.heal(`heal ${sourceNo} ${letter(targetNo)}`),
  };

  /** How often this was asked. */
  count(line: CallLine): number {
    return this.counts.get(line) ?? 0;
  }

  /** The calls whose line begins like this, in order. */
  callsOf(...prefixes: string[]): CallLine[] {
    return this.calls.filter((line) => prefixes.some((prefix) => line.startsWith(prefix)));
  }

  /** The calls that concern this target, in order. */
  callsOfTarget(name: string): CallLine[] {
    return this.calls.filter((line) => line.split(' ')[1] === name);
  }

  /** Resolves when this was asked so often. */
  async seen(line: CallLine, times = 1): Promise<void> {
    while (this.count(line) < times) await new Promise<void>((resolve) => this.waiting.push({ line, resolve }));
  }

  private heal(line: CallLine): Promise<void> {
    return this.answer(line, () => {
      if (line === this.answers.healFailure) throw new Error('a defect');
    });
  }

  private chunk(line: CallLine): Promise<ChunkResult> {
    return this.answer(line, this.answers.chunks?.[line] ?? (() => NO_MORE));
  }

  private async answer<R>(line: CallLine, handler: Handler<R>): Promise<R> {
    const count = this.count(line) + 1;
    this.counts.set(line, count);
    this.calls.push(line);
    for (const waiter of this.waiting) if (waiter.line === line) waiter.resolve();
    return handler(count);
  }

  /** Not part of {@link calls}: when it comes depends on the clock. */
  private async describe(_input: RunInput): Promise<{ markdown: string }> {
    const count = this.count('describe') + 1;
    this.counts.set('describe', count);
    return (this.answers.describeProgress ?? (() => ({ markdown: `| picture | ${count} |` })))(count);
  }
}

function letter(targetNo: number): string {
  return String.fromCharCode(64 + targetNo);
}
