import { NOTIFICATION_PROPERTIES } from '../../core/notifications/settings.js';

/** What a job comes to. `fail`: with a failed entity; `nocon`: without any. */
export type JobEnd = 'ok' | 'fail' | 'nocon' | 'stop';

/** A worked sequence of the specification (NTF-19). */
export interface NotificationRow {
  readonly row: number;
  readonly settings: Readonly<Record<string, string>>;
  readonly jobs: readonly JobEnd[];
  /** Mails of each job: I intermediate, F failure, S recovery, – none. */
  readonly mails: readonly string[];
  /** The recipient is subscribed after so many jobs; what is due before goes to nobody. */
  readonly subscribedAfter?: number;
  /** Settings from the end of job 1 on. */
  readonly then?: Readonly<Record<string, string>>;
}

const S = { [NOTIFICATION_PROPERTIES.skipIntermediate]: 'true' };
const R = { [NOTIFICATION_PROPERTIES.repeat]: 'true' };
const N = (n: number): Record<string, string> => ({ [NOTIFICATION_PROPERTIES.ignored]: String(n) });

/** All of them. */
export const NOTIFICATION_ROWS: readonly NotificationRow[] = [
  { row: 1, settings: {}, jobs: ['ok', 'ok'], mails: ['–', '–'] },
  { row: 2, settings: {}, jobs: ['fail', 'fail', 'ok'], mails: ['I F', '–', 'S'] },
  { row: 3, settings: {}, jobs: ['fail', 'ok', 'ok', 'fail'], mails: ['I F', 'S', '–', 'I F'] },
  { row: 4, settings: {}, jobs: ['nocon', 'fail', 'ok'], mails: ['F', 'I', 'S'] },
  { row: 5, settings: S, jobs: ['fail', 'fail', 'ok'], mails: ['F', '–', 'S'] },
  { row: 6, settings: R, jobs: ['fail', 'fail', 'ok'], mails: ['I F', 'I F', 'S'] },
  { row: 7, settings: { ...R, ...S }, jobs: ['fail', 'fail', 'fail', 'ok'], mails: ['F', 'F', 'F', 'S'] },
  {
    row: 8,
    settings: N(3),
    jobs: ['fail', 'fail', 'fail', 'fail', 'fail', 'ok'],
    mails: ['–', '–', '–', 'I F', '–', 'S'],
  },
  { row: 9, settings: N(3), jobs: ['fail', 'fail', 'ok', 'fail'], mails: ['–', '–', '–', '–'] },
  { row: 10, settings: { ...N(3), ...R }, jobs: ['fail', 'fail', 'ok'], mails: ['I F', 'I F', 'S'] },
  { row: 11, settings: { ...N(1), ...S }, jobs: ['fail', 'fail', 'fail', 'ok'], mails: ['–', 'F', '–', 'S'] },
  { row: 12, settings: {}, jobs: ['stop', 'ok'], mails: ['F', 'S'] },
  { row: 13, settings: {}, jobs: ['fail', 'fail', 'ok'], mails: ['I F', '–', 'S'], subscribedAfter: 1 },
  { row: 14, settings: N(2), jobs: ['fail', 'fail', 'ok'], mails: ['–', 'I F', 'S'], then: N(0) },
];
