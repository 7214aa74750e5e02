import type { Watermark } from '../../contract.js';
import { guidText } from '../binary.js';
import { present } from '../filter/build.js';
import { connectorError, type Operation } from '../ldap-error.js';
import { readRootDse } from '../root-dse.js';
import { readEntry } from '../search.js';
import type { OpenedSession } from '../sessions.js';

/** Deleted objects expire; a mark that is older than this may have missed some (CONN-AD-20). */
const MAX_MARK_AGE_MS = 150 * 24 * 3_600_000;

/** Up to where a domain controller was read: counters mean something only on the controller that gave them (CONN-AD-12). */
export interface AdMark {
  readonly invocationId: string;
  readonly dnsHostName: string;
  readonly usn: bigint;
  readonly at: string;
  readonly configuration: string;
}

/** The mark of now; call it before the first search (CONN-AD-13). */
export async function currentMark(
  { session }: OpenedSession,
  operation: Operation,
  made: { readonly now: Date; readonly configuration: string },
  signal: AbortSignal | undefined,
): Promise<AdMark> {
  // That of the opened session is as old as the session.
  const rootDse = await readRootDse(session, signal);
  const { dsServiceName, dnsHostName = '', highestCommittedUsn } = rootDse;
  if (highestCommittedUsn === undefined || dsServiceName === undefined)
    throw connectorError('protocol', operation, 'the server tells no highestCommittedUSN; it is no domain controller');
  const settings = await readEntry(
    session,
    { base: dsServiceName, filter: present('objectClass'), attributes: ['invocationId'] },
    signal,
  );
  const [bytes] = settings?.bytes('invocationId') ?? [];
  const invocationId = bytes === undefined ? undefined : guidText(bytes);
  if (invocationId === undefined)
    throw connectorError('forbidden', operation, 'ldap.user cannot read the invocationId of the domain controller');
  return {
    invocationId,
    dnsHostName,
    usn: highestCommittedUsn,
    at: made.now.toISOString(),
    configuration: made.configuration,
  };
}

/** The mark as it is stored. */
export function toWatermark(mark: AdMark): Watermark {
  return { v: 1, ...mark, usn: mark.usn.toString() };
}

/** First counter of a delta read. Throws `deltaLost` where the mark says nothing about this controller (CONN-AD-16, CONN-AD-20). */
export function deltaStart(watermark: Watermark | undefined, current: AdMark, operation: Operation): bigint {
  const lost = (text: string): Error => connectorError('deltaLost', operation, text);
  const usn = watermark?.['usn'];
  const at = watermark?.['at'];
  if (typeof usn !== 'string' || !/^\d{1,20}$/.test(usn) || typeof at !== 'string')
    throw lost('the mark is not one of this connector');
  if (watermark?.['configuration'] !== current.configuration)
    throw lost('the mark was made under another configuration');
  if (watermark?.['invocationId'] !== current.invocationId)
    throw lost('another domain controller, or one that was restored, answers: its counter is not comparable');
  if (current.usn < BigInt(usn)) throw lost('the counter of the domain controller went back');
  if (Date.parse(current.at) - Date.parse(at) > MAX_MARK_AGE_MS) throw lost('the mark is older than 150 days');
  return BigInt(usn) + 1n;
}
