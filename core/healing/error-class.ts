/** HEA-1: what kind of failure a pair carries. The class decides what happens next. */
export const ERROR_CLASSES = [
  'throttled',
  'unreachable',
  'auth',
  'conflict',
  'validation',
  'missingReference',
  'targetFault',
  'writeBack',
  'internal',
] as const;

/** One of {@link ERROR_CLASSES}. */
export type ErrorClass = (typeof ERROR_CLASSES)[number];

/** True for the name of a class. */
export function isErrorClass(text: string | null): text is ErrorClass {
  return ERROR_CLASSES.some((known) => known === text);
}

/** What an administrator is told of a class. */
export interface ErrorAdvice {
  /** What has failed, in one sentence. */
  readonly meaning: string;
  /** What Muster does by itself. */
  readonly next: string;
  /** What an administrator can do. */
  readonly remedy: string;
}

/** The advice of each class; `docs/errors.md` has the same table. */
export const ADVICE: Readonly<Record<ErrorClass, ErrorAdvice>> = {
  throttled: {
    meaning: 'The target asked to be left alone for a while',
    next: 'Goes on when the time that the target named is over; no attempt is used up',
    remedy: 'Lower ips.target.requests.per.minute or ips.target.requests.concurrent, or ask for a larger quota',
  },
  unreachable: {
    meaning: 'The target did not answer',
    next: 'Goes on when the target answers again; no attempt is used up',
    remedy: 'Check URL, network, certificates, and whether the target runs; Test connection tells which',
  },
  auth: {
    meaning: 'The target refused the credentials, or the technical user lacks a permission',
    next: 'Waits until the credentials in Muster are changed, or somebody asks for a retry; the next job tries too',
    remedy: 'Correct the credentials, or give the technical user the permission and retry',
  },
  conflict: {
    meaning: 'Another entity of the target has the same unique value, or it was changed at the same moment',
    next: 'Tries again, less and less often, for 28 days',
    remedy: 'Correct the value in the source, or remove the other entity in the target',
  },
  validation: {
    meaning: 'The data cannot be mapped, or the target does not accept it',
    next: 'Tries again, less and less often, for 28 days; at once when the data or the transformation changes',
    remedy: 'Correct the data in the source, or the transformation',
  },
  missingReference: {
    meaning: 'The entity refers to another one that is not in the target yet',
    next: 'Tries as soon as the other one is there; until then less and less often, for 28 days',
    remedy: 'Look why the other entity is missing in the target: it may have failed itself, or be out of scope',
  },
  targetFault: {
    meaning: 'The target answered with an error of its own, or with something that makes no sense',
    next: 'Tries again, less and less often, for 28 days',
    remedy: "Look into the target's log, or ask who operates it",
  },
  writeBack: {
    meaning: 'The account was written, but the source did not take the attribute that the target generated',
    next: 'Writes the attribute to the source again, less and less often, for 28 days; nothing is sent to the target',
    remedy:
      'Give the technical user of the source the right to change the attribute, or correct ips.write.back.attribute',
  },
  internal: {
    meaning: 'Something unexpected in Muster itself',
    next: 'Tries again, less and less often, for 28 days',
    remedy: 'Report it with the message and the log of the worker',
  },
};

/** How a row of a class goes on after a failure. */
export type Patience =
  /** The attempt is not counted: the gate of the target decides (HEA-3). */
  | 'gate'
  /** Nothing happens by the clock: somebody has to do something first (HEA-3). */
  | 'event'
  /** The ladder of HEA-2. */
  | 'ladder';

/** What a row of this class waits for. */
export function patienceOf(errorClass: ErrorClass): Patience {
  switch (errorClass) {
    case 'throttled':
    case 'unreachable':
      return 'gate';
    case 'auth':
      return 'event';
    case 'missingReference':
    case 'conflict':
    case 'validation':
    case 'targetFault':
    case 'writeBack':
    case 'internal':
      return 'ladder';
  }
}
