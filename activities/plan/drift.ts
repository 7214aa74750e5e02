import { isConnectorError } from '../../connectors/errors.js';
import { shapeOf } from '../../core/plan/classify.js';
import { containsContent } from '../../core/sync/contains.js';
import { isJsonObject } from '../../core/json.js';
import type { JsonObject, JsonValue } from '../../core/json.js';
import type { ApprovedChange } from '../../state/plans/approved.js';
import type { DrainEnvironment, Work } from '../drain/work.js';
import { send } from '../drain/write-errors.js';
import { changePlace } from './describe-change.js';

/**
 * Reads the account and compares it with what the change was made for (PLN-10); undefined when it is the same. What takes something away is
 * not done to an account that somebody else has changed meanwhile.
 */
export async function findDrift(
  env: DrainEnvironment,
  work: Work,
  change: ApprovedChange,
): Promise<string | undefined> {
  const targetKey = work.pair.link?.targetKey ?? null;
  if (targetKey === null) return 'there is no account to compare with';
  let live: JsonObject | undefined;
  try {
    live = (await send(env, work, 'read', (options) => env.connector.readOne(env.type, targetKey, options)))?.body;
  } catch (error) {
    if (!isConnectorError(error)) throw error;
    return `the account could not be read: ${error.adminMessage}`;
  }
  if (change.class === 'recreate') return live === undefined ? undefined : 'the account is there again';
  // Deleted by somebody else: that is what was wanted (DEL-7).
  if (live === undefined) return change.verb === 'delete' ? undefined : 'the account is not there any more';
  return differenceFrom(contentOf(env, work, change, work.evaluation.update?.storable), live, change);
}

/** Values of a change, opened. */
export interface Content {
  readonly before: JsonObject | null;
  readonly after: JsonObject | null;
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
  if (change.content === null) return { before: null, after: null };
  const content = env.services.linkBodies.open(change.content, changePlace(env.targetNo, work.row.entityNo));
  const objectAt = (name: string): JsonObject | null => {
    const value = content[name];
    return isJsonObject(value) ? value : null;
  };
  return { before: objectAt('before'), after: sent ?? objectAt('after') };
}

/**
 * What the account holds has to be what was last written, or what is planned: an attempt of this application that died may have written it
 * already.
 */
export function differenceFrom(
  { before, after }: Content,
  live: JsonObject,
  change: ApprovedChange,
): string | undefined {
  if (before === null) return undefined;
  // For a deletion everything counts that was written, for a change what it changes.
  const names = change.verb === 'delete' ? Object.keys(before) : change.attributes;
  for (const name of names) {
    const written = before[name];
    const planned = after?.[name];
    if (name === MEMBERS) {
      if (haveStrangersChanged(written ?? [], planned ?? [], live[MEMBERS] ?? [])) return CHANGED(name);
      continue;
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
