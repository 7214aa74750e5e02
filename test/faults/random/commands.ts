import fc from 'fast-check';

/** People and groups that the source may have. */
export const PEOPLE = Array.from({ length: 60 }, (_, no) => `P${no}`);
export const GROUPS = ['G0', 'G1', 'G2', 'G3'];
/** Targets there are from the start; others are connected later. */
export const FIRST_TARGETS = 2;

/** What happens to the source between or during jobs. */
export type SourceEdit =
  | { readonly kind: 'edit'; readonly person: number; readonly title: string | null }
  | { readonly kind: 'leave' | 'join'; readonly person: number }
  | { readonly kind: 'members'; readonly group: number; readonly people: readonly number[] };

/** What happens in the middle of a job: at the n-th statement that the process sends to the database. */
export type During = { readonly at: number; readonly deed: SourceEdit | { readonly kind: 'die' | 'stop' | 'lose' } };

/** One thing that somebody does, or that goes wrong. All of it can be written as JSON, so that a failure can be replayed. */
export type Command =
  | SourceEdit
  | { readonly kind: 'job'; readonly job: 'read' | 'resync'; readonly during: readonly During[] }
  | {
      readonly kind: 'refuse';
      readonly target: number;
      readonly status: 400 | 404 | 500 | 503;
      readonly times: number;
      readonly skip: number;
    }
  | { readonly kind: 'throttle'; readonly target: number; readonly times: number; readonly skip: number }
  | { readonly kind: 'loseAnswers'; readonly target: number; readonly times: number; readonly skip: number }
  | {
      readonly kind: 'sourceFault';
      readonly fault: 'missingId' | 'duplicateId' | 'emptyPage' | 'shortPage' | 'status';
      readonly skip: number;
    }
  | { readonly kind: 'drift' }
  | { readonly kind: 'clock'; readonly minutes: number }
  | { readonly kind: 'targetClock'; readonly target: number; readonly minutes: number }
  | { readonly kind: 'down' | 'up' | 'disable' | 'enable'; readonly target: number }
  | { readonly kind: 'map'; readonly target: number; readonly drops: 'title' | 'nothing' }
  | { readonly kind: 'stranger'; readonly target: number; readonly person: number }
  | { readonly kind: 'connect' };

const anybody = fc.nat(PEOPLE.length - 1);
const target = fc.nat(FIRST_TARGETS);
const skip = fc.nat(12);
const times = fc.integer({ min: 1, max: 4 });

const sourceEdit: fc.Arbitrary<SourceEdit> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('edit' as const),
      person: anybody,
      title: fc.constantFrom('a', 'b', null),
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
  ),
  during: fc.array(during, { maxLength: 3 }),
});

const trouble: fc.Arbitrary<Command> = fc.oneof(
  fc.record({ kind: fc.constant('refuse' as const), target, status: fc.constantFrom(400, 404, 500, 503), times, skip }),
  fc.record({ kind: fc.constant('throttle' as const), target, times: fc.integer({ min: 1, max: 2 }), skip }),
  fc.record({ kind: fc.constant('loseAnswers' as const), target, times, skip }),
  fc.record({
    kind: fc.constant('sourceFault' as const),
    fault: fc.constantFrom('missingId', 'duplicateId', 'emptyPage', 'shortPage', 'status'),
    skip: fc.nat(3),
  }),
  fc.record({ kind: fc.constant('drift' as const) }),
  fc.record({ kind: fc.constant('clock' as const), minutes: fc.integer({ min: -5, max: 5 }) }),
  fc.record({ kind: fc.constant('targetClock' as const), target, minutes: fc.integer({ min: -5, max: 5 }) }),
  fc.record({ kind: fc.constantFrom('down' as const, 'up' as const, 'disable' as const, 'enable' as const), target }),
  fc.record({ kind: fc.constant('map' as const), target, drops: fc.constantFrom('title', 'nothing') }),
  fc.record({ kind: fc.constant('stranger' as const), target, person: anybody }),
  fc.record({ kind: fc.constant('connect' as const) }),
);

/** A story: what one seed plays. */
export const story: fc.Arbitrary<Command[]> = fc.array(
  fc.oneof({ weight: 3, arbitrary: job }, { weight: 4, arbitrary: sourceEdit }, { weight: 4, arbitrary: trouble }),
  { minLength: 8, maxLength: 18 },
);

/** A command in one line. */
export function tell(command: Command): string {
  return JSON.stringify(command);
}
