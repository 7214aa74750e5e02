import { canonicalJson } from '../../core/canonical-json.js';
import { isConnectorError } from '../../connectors/errors.js';
import { shapeOf } from '../../core/plan/classify.js';
import { containsContent } from '../../core/sync/contains.js';
import { isJsonObject } from '../../core/json.js';
import type { JsonObject, JsonValue } from '../../core/json.js';
import type { ApprovedChange } from '../../state/plans/approved.js';
import { documentOfPart } from '../drain/part-documents.js';
import type { DrainEnvironment, Work } from '../drain/work.js';
import { send } from '../drain/write-errors.js';
import { changePlace } from './describe-change.js';

/** Why a change is not executed. */
export interface Drift {
  readonly reason: string;
  /** What the account holds of what was compared, null for what it has not: the next change of this pair is made from it. */
  readonly seen: JsonObject | null;
}

/**
 * Reads the account and compares it with what the change was made for (PLN-10); undefined when it is the same. What takes something away is
 * not done to an account that somebody else has changed meanwhile. What is sent after a comparison is sent for what was compared: the tag
 * of an older write would be refused for ever, although nothing that counts has changed.
 */
export async function findDrift(env: DrainEnvironment, work: Work, change: ApprovedChange): Promise<Drift | undefined> {
  const linked = work.parts.filter(({ pair }) => pair.link?.state === 'linked');
  if (linked.length === 0) return driftOf(env, work, change);
  const drifts: (Drift | undefined)[] = [];
  for (const part of linked) drifts.push(await driftOf(env, part, change));
  // Of several accounts one that is gone is reason enough to create anew what was approved to be.
  if (change.class === 'recreate' && drifts.includes(undefined)) return undefined;
  return drifts.find((drift) => drift !== undefined);
}

async function driftOf(env: DrainEnvironment, work: Work, change: ApprovedChange): Promise<Drift | undefined> {
  const targetKey = work.pair.link?.targetKey ?? null;
  if (targetKey === null) return unseen('there is no account to compare with');
  let live: Awaited<ReturnType<typeof env.connector.readOne>>;
  try {
    live = await send(env, work, 'read', (options) => env.connector.readOne(env.type, targetKey, options));
  } catch (error) {
    if (!isConnectorError(error)) throw error;
    return unseen(`the account could not be read: ${error.adminMessage}`);
  }
  if (change.class === 'recreate') return live === null ? undefined : unseen('the account is there again');
  // Deleted by somebody else: that is what was wanted (DEL-7).
  if (live === null) return change.verb === 'delete' ? undefined : unseen('the account is not there any more');
  const content = contentOf(env, work, change, work.evaluation.update?.storable);
  const reason = differenceFrom(content, live.body, change);
  if (reason !== undefined) return { reason, seen: seenOf(content, live.body, change) };
  work.comparedTag = live.version ?? null;
  return undefined;
}

function unseen(reason: string): Drift {
  return { reason, seen: null };
}

/**
 * The members of a group that only loses some are left out: what is sent says nothing of those whom somebody else has put in, so they cannot
 * be approved by being shown.
 */
function seenOf(content: Content, live: JsonObject, change: ApprovedChange): JsonObject {
  const names = comparedNames(content, change).filter((name) => name !== MEMBERS || change.verb === 'delete');
  return Object.fromEntries(names.map((name) => [name, live[name] ?? null]));
}

/** For a deletion everything counts that was written, for a change what it changes. */
function comparedNames({ before }: Content, change: ApprovedChange): readonly string[] {
  return change.verb === 'delete' ? Object.keys(before ?? {}) : change.attributes;
}

/** Values of a change, opened. */
export interface Content {
  readonly before: JsonObject | null;
  readonly after: JsonObject | null;
  /** What an earlier drift has found in the account, in place of what was last written; null: there was none. */
  readonly basis: JsonObject | null;
}

/**
 * What a change says was there, and what shall be. `sent`: what would be sent now, which has the ids of whoever the plan itself has created ⚠;
 * the stored change knows them by their names in the plan only.
 */
export function contentOf(
  env: DrainEnvironment,
  work: Work,
  change: ApprovedChange,
  sent: JsonObject | undefined,
): Content {
  const place = changePlace(env.targetNo, work.row.entityNo);
  const basis = change.basis === null ? null : env.services.linkBodies.open(change.basis, place);
  if (change.content === null) return { before: null, after: null, basis };
  const content = env.services.linkBodies.open(change.content, place);
  const objectAt = (name: string): JsonObject | null => {
    const value = content[name];
    return isJsonObject(value) ? value : null;
  };
  const before = objectAt('before');
  const { part } = work;
  return { before: part && before ? documentOfPart(part, before) : before, after: sent ?? objectAt('after'), basis };
}

/**
 * What the account holds has to be what was last written, or what an earlier drift has shown to whoever approved, or what is planned: an
 * attempt of this application that died may have written it already.
 */
export function differenceFrom(content: Content, live: JsonObject, change: ApprovedChange): string | undefined {
  const { before, after, basis } = content;
  if (before === null) return undefined;
  for (const name of comparedNames(content, change)) {
    const seen = basis?.[name];
    const written = seen ?? before[name];
    const planned = after?.[name];
    if (name === MEMBERS) {
      if (haveStrangersChanged(written ?? [], planned ?? [], live[MEMBERS] ?? [])) return CHANGED(name);
      continue;
    }
    if (seen !== undefined) {
      const isSame = canonicalJson(live[name] ?? null) === canonicalJson(seen);
      if (isSame || (planned !== undefined && holds(name, planned, live))) continue;
      return CHANGED(name);
    }
    // What we never wrote we do not know; that somebody else has set it is no reason.
    if (written === undefined || holds(name, written, live)) continue;
    if (planned === undefined || !holds(name, planned, live)) return CHANGED(name);
  }
  return undefined;
}

const MEMBERS = 'members';
const CHANGED = (name: string): string => `somebody has changed ${name} in the target`;

function holds(name: string, value: JsonValue, live: JsonObject): boolean {
  return containsContent(live, { [name]: value });
}

/**
 * Members that neither we wrote nor the plan wants, or of those that stay one is missing. Who was to be removed and is gone already is no
 * reason: a target drops the members whose accounts are deleted, also those that we delete ourselves while the removal waits.
 */
function haveStrangersChanged(written: JsonValue, planned: JsonValue, live: JsonValue): boolean {
  const both = [...asList(written), ...asList(planned)];
  const isStrange = shapeOf({ members: both }, { members: live }).added > 0;
  const staying = asList(written).filter((one) => shapeOf({ members: planned }, { members: [one] }).added === 0);
  return isStrange || shapeOf({ members: live }, { members: staying }).added > 0;
}

function asList(value: JsonValue): readonly JsonValue[] {
  return Array.isArray(value) ? value : [];
}
