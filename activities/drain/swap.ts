import { randomBytes } from 'node:crypto';
import { isConnectorError } from '../../connectors/errors.js';
import type { ConnectorError } from '../../connectors/errors.js';
import type { JsonObject } from '../../core/json.js';
import { otherLinks } from '../../state/drain/claims.js';
import type { OtherLink } from '../../state/drain/claims.js';
import { awaitsItsTurn } from '../../state/drain/late-pass.js';
import type { Settlement } from '../../state/drain/settle.js';
import { pause } from '../support/run-watch.js';
import { failed } from './outcomes.js';
import { settlement } from './work.js';
import type { DrainEnvironment, Work } from './work.js';
import { send } from './write-errors.js';

/** Random bytes in a value that nobody else has. */
const ASIDE_BYTES = 6;

/** Whose unique value an update wants, and which attribute it is. */
interface Holder {
  readonly link: OtherLink;
  readonly key: string;
}

/**
 * An update was refused because of a unique value (ADR 0020). In the first pass it is put off: whoever has the value may be about to give it
 * up. In the second pass the holder is looked for. Two who swap their values, or more in a ring, would wait for each other for ever: the first of
 * them steps aside, with a value that nobody has, until the others are through; it stays due all the while, so that a crash leaves nobody
 * there. A value of somebody who does not let go is a failure that names both.
 */
export async function waitForValue(
  env: DrainEnvironment,
  work: Work,
  desired: JsonObject,
  conflict: ConnectorError,
): Promise<Settlement> {
  if (!env.late) return settlement(work, { kind: 'late' });
  const { entityNo } = work.row;
  const holder = await findHolder(env, work, desired);
  if (holder === 'nobody' && env.heldValues.mayRepeat(entityNo)) return settlement(work, { kind: 'released' });
  if (typeof holder === 'string') return failed(work, 'update', conflict);
  env.heldValues.note(entityNo, holder.link.entityNo);
  if (env.heldValues.isFirstOfRing(entityNo)) return stepAside(env, work, desired, holder);
  if (await awaitsItsTurn(env.services.pool, env.targetNo, holder.link.entityNo, env.runKey)) {
    await pause(env.services.timing.claimPollMs, env.stop);
    return settlement(work, { kind: 'released' });
  }
  env.heldValues.freed(entityNo);
  const message = `${conflict.adminMessage}; the value of ${holder.key} belongs to the target entity of source id ${holder.link.sourceKey}, so ${work.pair.sourceKey} cannot have it too`;
  return failed(work, 'update', { errorClass: 'conflict', code: '409', message });
}

/**
 * Another present entity of the source, whose target entity has one of the values that this one shall have; or a stranger; or nobody, because
 * the value has become free since it was refused.
 */
async function findHolder(
  env: DrainEnvironment,
  work: Work,
  desired: JsonObject,
): Promise<Holder | 'stranger' | 'nobody'> {
  const { pool } = env.services;
  let nobody = true;
  const ownKey = work.pair.link?.targetKey;
  for (const key of env.connector.uniqueKeys(env.type)) {
    const found = await send(env, work, 'read', (options) =>
      env.connector.resolveExisting(env.type, desired, [key], options),
    ).catch((error: unknown) => {
      // A server that cannot be asked for this key says nothing about it.
      if (isConnectorError(error)) return undefined;
      throw error;
    });
    const isFree = found?.outcome === 'none' || (found?.outcome === 'one' && found.entity.id === ownKey);
    nobody &&= isFree;
    if (isFree || found?.outcome !== 'one') continue;
    const place = { targetNo: env.targetNo, type: env.typeCode, targetKey: found.entity.id };
    const links = await otherLinks(pool, place, work.row.entityNo);
    const link = links.find((one) => one.sourceNo === env.sourceNo && one.presence === 'present');
    if (link !== undefined) return { link, key };
  }
  return nobody ? 'nobody' : 'stranger';
}

/** Everything of the update but the one value, so that the value it has now is free. The pair is offered again and written in full. */
async function stepAside(
  env: DrainEnvironment,
  work: Work,
  desired: JsonObject,
  { link, key }: Holder,
): Promise<Settlement> {
  const targetKey = work.pair.link?.targetKey;
  const value = desired[key];
  if (targetKey === undefined || targetKey === null || typeof value !== 'string') {
    env.heldValues.freed(work.row.entityNo);
    const message = `${key} is to be swapped with source id ${link.sourceKey}, which works only with a plain text attribute; free one of the two values in the target system`;
    return failed(work, 'update', { errorClass: 'conflict', code: '409', message });
  }
  // In front, so that a value with a domain keeps it.
  const aside = { ...desired, [key]: `${randomBytes(ASIDE_BYTES).toString('hex')}-${value}` };
  const mode = env.tools.target.capabilities.updateMode;
  try {
    await send(env, work, 'idempotent-write', (options) =>
      env.connector.update(env.type, targetKey, { mode, body: aside }, options),
    );
  } catch (error) {
    if (isConnectorError(error)) return failed(work, 'update', error);
    throw error;
  }
  env.heldValues.freed(work.row.entityNo);
  return settlement(work, { kind: 'unknown' });
}
