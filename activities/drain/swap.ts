import { randomBytes } from 'node:crypto';
import { isConnectorError } from '../../connectors/errors.js';
import type { ConnectorError } from '../../connectors/errors.js';
import type { JsonObject } from '../../core/json.js';
import { awaitsItsTurn } from '../../state/drain/late-pass.js';
import type { LinkWrite } from '../../state/drain/link-writes.js';
import type { Settlement } from '../../state/drain/settle.js';
import { pause } from '../support/run-watch.js';
import { failed } from './outcomes.js';
import { linkedHolders } from './value-holders.js';
import type { LinkedHolder } from './value-holders.js';
import { linkedTag, settlement } from './work.js';
import type { DrainEnvironment, Work } from './work.js';
import { send } from './write-errors.js';

/** Random bytes in a value that nobody else has. */
const ASIDE_BYTES = 6;

/**
 * An update was refused because of a unique value (ADR 0020, ADR 0055). In the first pass it is put off: whoever has the value may be about to
 * give it up. In the second pass the holder is looked for. Two who swap their values, or more in a ring, would wait for each other for ever: the
 * first of them steps aside, with values that nobody has, until the others are through; it stays due all the while, so that a crash leaves
 * nobody there. A value of somebody who does not let go is a failure that names both.
 */
export async function waitForValue(
  env: DrainEnvironment,
  work: Work,
  desired: JsonObject,
  conflict: ConnectorError,
): Promise<Settlement> {
  if (!env.late) return settlement(work, { kind: 'late' });
  const { entityNo } = work.row;
  const holders = await linkedHolders(env, work, desired);
  if (holders === 'stranger') return failed(work, 'update', conflict);
  if (holders.length === 0) {
    env.heldValues.freed(entityNo);
    return env.heldValues.mayRepeat(entityNo)
      ? settlement(work, { kind: 'released' })
      : failed(work, 'update', conflict);
  }
  env.heldValues.note(
    entityNo,
    holders.map(({ link }) => link.entityNo),
  );
  const ring = env.heldValues.ringOf(entityNo);
  if (ring.size > 0 && Math.min(...ring) === entityNo) {
    const inRing = holders.filter(({ link }) => ring.has(link.entityNo));
    return stepAside(env, work, desired, inRing);
  }
  if (await isOneStillToCome(env, holders)) {
    await pause(env.services.timing.claimPollMs, env.stop);
    return settlement(work, { kind: 'released' });
  }
  env.heldValues.freed(entityNo);
  const belongs = holders
    .map(
      ({ value, link }) =>
        `the value of ${value.attribute} belongs to the target entity of source id ${link.sourceKey}`,
    )
    .join(', ');
  const message = `${conflict.adminMessage}; ${belongs}, so ${work.pair.sourceKey} cannot have it too`;
  return failed(work, 'update', { errorClass: 'conflict', code: '409', message });
}

async function isOneStillToCome(env: DrainEnvironment, holders: readonly LinkedHolder[]): Promise<boolean> {
  for (const { link } of holders)
    if (await awaitsItsTurn(env.services.pool, env.targetNo, link.entityNo, env.runKey)) return true;
  return false;
}

/**
 * Everything of the update but the values in question, so that those it has now are free. The pair is offered again and written in full. Where a
 * value is the identifier, the account has another one from here on, and the link says so: the next owner of the old one gets a link of its own on it.
 */
async function stepAside(
  env: DrainEnvironment,
  work: Work,
  desired: JsonObject,
  holders: readonly LinkedHolder[],
): Promise<Settlement> {
  const targetKey = work.pair.link?.targetKey;
  // In front, so that a value with a domain keeps it.
  const mark = randomBytes(ASIDE_BYTES).toString('hex');
  const aside = holders.reduce((body, { value }) => value.without(body, mark), desired);
  env.heldValues.freed(work.row.entityNo);
  if (targetKey === undefined || targetKey === null || JSON.stringify(aside) === JSON.stringify(desired)) {
    const [first] = holders;
    const message = `${first?.value.attribute ?? 'a unique value'} is to be swapped with source id ${first?.link.sourceKey ?? ''}, which works only with texts; free one of the two values in the target system`;
    return failed(work, 'update', { errorClass: 'conflict', code: '409', message });
  }
  const mode = env.tools.target.capabilities.updateMode;
  try {
    const { id, version } = await send(env, work, 'idempotent-write', (options) =>
      env.connector.update(env.type, targetKey, { mode, body: aside }, { ...options, ...linkedTag(work) }),
    );
    if (id === targetKey) return settlement(work, { kind: 'unknown' });
    return settlement(work, { kind: 'unknown' }, { link: movedLink(env, work, id, version), targetKeyChanged: true });
  } catch (error) {
    if (isConnectorError(error)) return failed(work, 'update', error);
    throw error;
  }
}

/** The link of an account that has another identifier now, and is in step with nothing. */
function movedLink(env: DrainEnvironment, work: Work, targetKey: string, version: string | undefined): LinkWrite {
  const { link } = work.pair;
  return {
    kind: 'linked',
    targetKey,
    origin: link?.origin ?? 'existedBefore',
    commonHash: null,
    targetHash: null,
    program: env.tools.target.snapshot.programNumber,
    outOfScope: false,
    etag: version ?? link?.etag ?? null,
    body: null,
    ...(link !== null && { groupsDue: link.groupsDue }),
  };
}
