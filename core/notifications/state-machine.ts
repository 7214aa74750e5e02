/** How a source wants to be reported on (NTF-9). */
export interface NotificationSettings {
  /** S: no mail when the first entity of a running job fails. */
  readonly skipIntermediate: boolean;
  /** N: failed jobs in a row without any mail. */
  readonly ignoredFailures: number;
  /** R: a mail after every failed job; wins over N. */
  readonly repeatOnFailure: boolean;
}

/** What is remembered of a source, whether or not anybody is subscribed (NTF-11). */
export interface NotificationState {
  /** Failed jobs in a row. */
  readonly streak: number;
  /** An intermediate mail was due in this streak. */
  readonly interSent: boolean;
  /** A failure mail was due in this streak. */
  readonly failSent: boolean;
}

/** Of a source that never failed, or was reset. */
export const INITIAL_STATE: NotificationState = { streak: 0, interSent: false, failSent: false };

/** `firstFailure`: the first entity of a running job failed. `failed`: a job ended with error, or was stopped (NTF-14). */
export type JobEvent = 'firstFailure' | 'failed' | 'succeeded';

/** Mails about jobs; each is due at most once for one event. */
export type JobMail = 'intermediate' | 'failure' | 'recovery';

/** Which mail an event makes due, and what is remembered from then on (NTF-12 to NTF-15). */
export function step(
  state: NotificationState,
  event: JobEvent,
  settings: NotificationSettings,
): { readonly mail: JobMail | null; readonly state: NotificationState } {
  switch (event) {
    case 'firstFailure':
      return isIntermediateDue(state, settings)
        ? { mail: 'intermediate', state: { ...state, interSent: true } }
        : { mail: null, state };
    case 'failed': {
      const failed = { ...state, streak: state.streak + 1 };
      return isFailureDue(failed, settings)
        ? { mail: 'failure', state: { ...failed, failSent: true } }
        : { mail: null, state: failed };
    }
    case 'succeeded':
      return { mail: state.interSent || state.failSent ? 'recovery' : null, state: INITIAL_STATE };
  }
}

/** The running job is counted as the next one of the streak (NTF-12). */
function isIntermediateDue({ streak, interSent }: NotificationState, settings: NotificationSettings): boolean {
  if (settings.skipIntermediate) return false;
  return settings.repeatOnFailure || (streak + 1 > settings.ignoredFailures && !interSent);
}

function isFailureDue({ streak, failSent }: NotificationState, settings: NotificationSettings): boolean {
  return settings.repeatOnFailure || (streak > settings.ignoredFailures && !failSent);
}
