import fc from 'fast-check';

/** People and groups that the source may have. */
export const PEOPLE = Array.from({ length: 60 }, (_, no) => `P${no}`);
export const GROUPS = ['G0', 'G1', 'G2', 'G3'];
/** Targets there are from the start; others are connected later. */
export const FIRST_TARGETS = 2;

/** What happens to the source between or during jobs. */
export type SourceEdit =
  | { readonly kind: 'edit'; readonly person: number; readonly title: string | null; readonly active: boolean }
  | { readonly kind: 'leave' | 'join'; readonly person: number }
  | { readonly kind: 'members'; readonly group: number; readonly people: readonly number[] };

/** What happens in the middle of a job: at the n-th statement that the process sends to the database. */
export type During = { readonly at: number; readonly deed: SourceEdit | { readonly kind: 'die' | 'stop' | 'lose' } };

/** What an administrator does about what was planned, kept back, or failed. `plan`: counted from the newest. */
export type Review =
  | {
      readonly kind: 'decide';
      readonly decision: 'approve' | 'reject';
      readonly plan: number;
      readonly verb: 'create' | 'update' | 'disable' | 'delete' | 'removeMember' | null;
    }
  | { readonly kind: 'apply'; readonly plan: number; readonly during: readonly During[] }
  | { readonly kind: 'govern'; readonly target: number; readonly limits: GovernorLimits }
  | { readonly kind: 'quarantine' | 'release'; readonly target: number; readonly person: number }
  | { readonly kind: 'retryNow'; readonly target: number };

/** Limits of the governor; null: the class is not counted. */
export interface GovernorLimits {
  readonly delete: number | null;
  readonly disable: number | null;
  readonly recreate: number | null;
  /** Share of the members of a group that may go at once, percent. */
  readonly members: number | null;
}

/** Something that goes wrong in a target, or is done to it by others. */
export type TargetTrouble =
  | {
      readonly kind: 'refuse';
      readonly target: number;
      readonly status: 400 | 404 | 409 | 412 | 500 | 503;
      readonly times: number;
      readonly skip: number;
    }
  | {
      readonly kind: 'throttle' | 'loseAnswers';
      readonly target: number;
      readonly times: number;
      readonly skip: number;
    }
  | { readonly kind: 'targetClock'; readonly target: number; readonly minutes: number }
  | { readonly kind: 'down' | 'up' | 'disable' | 'enable'; readonly target: number }
  | { readonly kind: 'map'; readonly target: number; readonly drops: 'title' | 'nothing' }
  /** Somebody else makes an account with the name of a person: long ago, or at this moment. */
  | { readonly kind: 'stranger'; readonly target: number; readonly person: number; readonly isYoung: boolean }
  | { readonly kind: 'vanish'; readonly target: number; readonly person: number };

/** One thing that somebody does, or that goes wrong. All of it can be written as JSON, so that a failure can be replayed. */
export type Command =
  | SourceEdit
  | Review
  | TargetTrouble
  | {
      readonly kind: 'job';
      readonly job: 'read' | 'resync' | 'readPlan' | 'resyncPlan';
      readonly during: readonly During[];
    }
  | { readonly kind: 'heal'; readonly during: readonly During[] }
  | { readonly kind: 'timePasses'; readonly days: 2 | 9 }
  | {
      readonly kind: 'sourceFault';
      readonly fault: 'missingId' | 'duplicateId' | 'emptyPage' | 'shortPage' | 'status' | 'silence';
      readonly skip: number;
    }
  | { readonly kind: 'drift' }
  | { readonly kind: 'clock'; readonly minutes: number }
  | { readonly kind: 'connect' };

const anybody = fc.nat(PEOPLE.length - 1);
const target = fc.nat(FIRST_TARGETS);
const skip = fc.nat(12);
const times = fc.integer({ min: 1, max: 4 });
/** Mostly the newest plan. */
const plan = fc.oneof({ weight: 4, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.nat(2) });

const sourceEdit: fc.Arbitrary<SourceEdit> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('edit' as const),
      person: anybody,
      title: fc.constantFrom('a', 'b', null),
      active: fc.oneof({ weight: 2, arbitrary: fc.constant(true) }, { weight: 1, arbitrary: fc.constant(false) }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constantFrom('leave' as const, 'join' as const), person: anybody }) },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('members' as const),
      group: fc.nat(GROUPS.length - 1),
      people: fc.uniqueArray(anybody, { maxLength: 12 }),
    }),
  },
);

const during: fc.Arbitrary<During> = fc.record({
  at: fc.integer({ min: 3, max: 160 }),
  deed: fc.oneof(
    { weight: 3, arbitrary: fc.record({ kind: fc.constant('die' as const) }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constantFrom('stop' as const, 'lose' as const) }) },
    { weight: 2, arbitrary: sourceEdit },
  ),
});

const job = fc.record({
  kind: fc.constant('job' as const),
  job: fc.oneof(
    { weight: 5, arbitrary: fc.constant('read' as const) },
    { weight: 1, arbitrary: fc.constant('resync' as const) },
    { weight: 2, arbitrary: fc.constant('readPlan' as const) },
    { weight: 1, arbitrary: fc.constant('resyncPlan' as const) },
  ),
  during: fc.array(during, { maxLength: 3 }),
});

const limit = fc.constantFrom(null, 0, 1, 3);
const review: fc.Arbitrary<Command> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('decide' as const),
      decision: fc.constantFrom('approve' as const, 'approve' as const, 'reject' as const),
      plan,
      verb: fc.constantFrom(null, null, 'create', 'update', 'disable', 'delete', 'removeMember'),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('apply' as const),
      plan,
      during: fc.array(during, { maxLength: 2 }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('govern' as const),
      target,
      limits: fc.record({ delete: limit, disable: limit, recreate: limit, members: fc.constantFrom(null, 30) }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant('heal' as const), during: fc.array(during, { maxLength: 2 }) }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('timePasses' as const), days: fc.constantFrom(2, 9) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('retryNow' as const), target }) },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constantFrom('quarantine' as const, 'quarantine' as const, 'release' as const),
      target,
      person: anybody,
    }),
  },
);

const trouble: fc.Arbitrary<Command> = fc.oneof(
  fc.record({
    kind: fc.constant('refuse' as const),
    target,
    status: fc.constantFrom(400, 404, 409, 412, 500, 503),
    times,
    skip,
  }),
  fc.record({ kind: fc.constant('throttle' as const), target, times: fc.integer({ min: 1, max: 2 }), skip }),
  fc.record({ kind: fc.constant('loseAnswers' as const), target, times, skip }),
  fc.record({
    kind: fc.constant('sourceFault' as const),
    fault: fc.constantFrom('missingId', 'duplicateId', 'emptyPage', 'shortPage', 'status', 'silence'),
    skip: fc.nat(3),
  }),
  fc.record({ kind: fc.constant('drift' as const) }),
  fc.record({ kind: fc.constant('clock' as const), minutes: fc.integer({ min: -5, max: 5 }) }),
  fc.record({ kind: fc.constant('targetClock' as const), target, minutes: fc.integer({ min: -5, max: 5 }) }),
  fc.record({ kind: fc.constantFrom('down' as const, 'up' as const, 'disable' as const, 'enable' as const), target }),
  fc.record({ kind: fc.constant('map' as const), target, drops: fc.constantFrom('title', 'nothing') }),
  fc.record({ kind: fc.constant('stranger' as const), target, person: anybody, isYoung: fc.boolean() }),
  fc.record({ kind: fc.constant('vanish' as const), target, person: anybody }),
  fc.record({ kind: fc.constant('connect' as const) }),
);

/** A story: what one seed plays. */
export const story: fc.Arbitrary<Command[]> = fc.array(
  fc.oneof(
    { weight: 3, arbitrary: job },
    { weight: 4, arbitrary: sourceEdit },
    { weight: 3, arbitrary: trouble },
    { weight: 3, arbitrary: review },
  ),
  { minLength: 8, maxLength: 22 },
);

/** A command in one line. */
export function tell(command: Command): string {
  return JSON.stringify(command);
}
