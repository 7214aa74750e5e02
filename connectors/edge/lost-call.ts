import { EDGE_TIMES } from '../../core/edge/timing.js';
import { ConnectorError } from '../errors.js';
import type { ConnectorErrorFields } from '../errors.js';
import { isWrite } from './messages.js';
import type { EdgeOperation } from './messages.js';

/** What the message of a call without answer tells. */
export interface LostCall {
  readonly operation: EdgeOperation;
  readonly location: string;
  /** What the edge workers know this installation by. */
  readonly centralKey: string;
  readonly isStopped: boolean;
}

/** How it ended. */
export interface LostEnd {
  readonly kind: 'notDone' | 'unknown';
  readonly reason: string;
  readonly detail?: string;
}

/** The error of a call without answer: what a connector here would throw where a system cannot be reached, or its answer got lost (CONN-CORE-53). */
export function lostCallError(call: LostCall, end: LostEnd): ConnectorError {
  const { kind, scope = 'system', text } = meaningOf(call, end);
  const outcome = end.kind === 'unknown' && isWrite(call.operation) ? 'unknown' : 'not-applied';
  return new ConnectorError({ kind, scope, outcome, safeMessage: text });
}

interface Meaning {
  readonly kind: ConnectorErrorFields['kind'];
  readonly scope?: ConnectorErrorFields['scope'];
  readonly text: string;
}

function meaningOf({ operation, location, centralKey, isStopped }: LostCall, { reason, detail }: LostEnd): Meaning {
  switch (reason) {
    case 'noWorker':
      return {
        kind: 'transient',
        text: `no edge worker for location ${location}: none has taken the call within ${EDGE_TIMES.scheduleToStart / 1_000} s; start one in its network ("muster edge"); where one runs, compare location, tenant and the namespace of Temporal`,
      };
    case 'gone':
      return {
        kind: 'transient',
        scope: 'page',
        text: `${operation}: the edge worker of location ${location} that this hangs on is gone`,
      };
    case 'otherKey':
      return {
        kind: 'fatal',
        text: `the edge worker of location ${location} has another key than the one that is registered; register the one that "muster edge key" shows there, or give it the file of the registered one and start it again`,
      };
    case 'notOurs':
      return {
        kind: 'fatal',
        text: `the edge worker of location ${location} takes no calls from this installation; set "central" in its configuration to ${centralKey}, and start it again`,
      };
    case 'otherVersion':
      return {
        kind: 'fatal',
        text: `the edge worker of location ${location} is of another version than this installation; install the same program on both, and start the edge worker again`,
      };
    case 'refused':
      return { kind: 'transient', text: `${operation}: Temporal does not take the call: ${detail}` };
    case 'away':
      return { kind: 'transient', text: `${operation}: Temporal does not answer` };
    case 'forged':
      return {
        kind: 'protocol',
        text: `${operation}: what came back was made by no edge worker of location ${location}`,
      };
    case 'late':
      return { kind: 'transient', text: `${operation}: no worker of this installation took the call up in time` };
    case 'cancelled':
    case 'notBegun':
      return isStopped
        ? { kind: 'cancelled', text: `${operation}: stopped` }
        : { kind: 'transient', text: `${operation}: somebody has cancelled the call` };
    default:
      return {
        kind: 'transient',
        text: `${operation}: the edge worker of location ${location} died over it, or was cut off (${reason})`,
      };
  }
}
