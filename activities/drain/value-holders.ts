import type { ValueHolder } from '../../connectors/contract.js';
import { isConnectorError } from '../../connectors/errors.js';
import type { JsonObject } from '../../core/json.js';
import { otherLinks, otherLinksByTag } from '../../state/drain/claims.js';
import type { OtherLink } from '../../state/drain/claims.js';
import { linkedTag } from './work.js';
import type { DrainEnvironment, Work } from './work.js';
import { send } from './write-errors.js';

/** A value that an update wants, and the present entity of the source whose target entity has it. */
export interface LinkedHolder {
  readonly value: ValueHolder;
  readonly link: OtherLink;
}

/**
 * Who of the same source has values that this entity shall have; or that a stranger has a unique one of them; or that nobody is known, because
 * the value has become free since it was refused, or the server keeps one unique that cannot be asked for.
 */
export async function linkedHolders(
  env: DrainEnvironment,
  work: Work,
  desired: JsonObject,
): Promise<'stranger' | readonly LinkedHolder[]> {
  const id = work.pair.link?.targetKey;
  if (id === undefined || id === null) return [];
  const ask = env.connector.findHolders === undefined ? byUniqueKeys : byConnector;
  const holders = await ask(env, work, id, desired);
  const linked: LinkedHolder[] = [];
  for (const value of holders) {
    const links = await linksOf(env, work, value);
    const link = links.find((one) => one.sourceNo === env.sourceNo && one.presence === 'present');
    if (link !== undefined) linked.push({ value, link });
  }
  return linked.length === 0 && holders.some(({ isKey }) => isKey) ? 'stranger' : linked;
}

/** Links on the entity that has a value. What never changes about it counts more than its name, which may just have changed hands. */
async function linksOf(env: DrainEnvironment, { row }: Work, { id, tag }: ValueHolder): Promise<readonly OtherLink[]> {
  const { services, targetNo, typeCode: type } = env;
  const named = await otherLinks(services.pool, { targetNo, type, targetKey: id }, row.entityNo);
  if (tag === undefined) return named;
  const meant = named.filter((link) => link.tag === null || link.tag === tag);
  return meant.length > 0 ? meant : otherLinksByTag(services.pool, { targetNo, type, tag }, row.entityNo);
}

type Ask = (env: DrainEnvironment, work: Work, id: string, desired: JsonObject) => Promise<readonly ValueHolder[]>;

const byConnector: Ask = async (env, work, id, desired) => {
  const found = await saidOrNothing(
    send(env, work, 'read', async (options) =>
      env.connector.findHolders?.(env.type, id, desired, { ...options, ...linkedTag(work) }),
    ),
  );
  return found ?? [];
};

/** For connectors that know only their configured unique attributes: plain texts on the uppermost level. */
const byUniqueKeys: Ask = async (env, work, id, desired) => {
  const holders: ValueHolder[] = [];
  for (const key of env.connector.uniqueKeys(env.type)) {
    const found = await saidOrNothing(
      send(env, work, 'read', (options) => env.connector.resolveExisting(env.type, desired, [key], options)),
    );
    if (found?.outcome !== 'one' || found.entity.id === id) continue;
    const without: ValueHolder['without'] = (body, mark) => {
      const text = body[key];
      return typeof text === 'string' ? { ...body, [key]: `${mark}-${text}` } : body;
    };
    holders.push({ attribute: key, id: found.entity.id, isKey: true, without });
  }
  return holders;
};

/** A server that cannot be asked says nothing. */
async function saidOrNothing<T>(asked: Promise<T>): Promise<T | undefined> {
  return asked.catch((error: unknown) => {
    if (isConnectorError(error)) return undefined;
    throw error;
  });
}
