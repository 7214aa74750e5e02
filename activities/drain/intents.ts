import type { JsonObject } from '../../core/json.js';
import type { CreateIntent } from '../../state/drain/link-writes.js';
import { linkPlace } from '../../runtime/sealed-bodies.js';
import type { MappedTarget } from './evaluate-pair.js';
import type { SentCreate } from './origin.js';
import { partNameOf, sentDocument } from './work.js';
import type { DrainEnvironment, Work } from './work.js';

/** The intent of a create: the document as sent (without secrets), sealed, because it holds the unique keys and proves the origin. */
export function intentOf(env: DrainEnvironment, work: Work, create: MappedTarget): CreateIntent {
  const sentKeys = env.services.linkBodies.sealBriefly(
    sentDocument(create),
    intentPlace(env.targetNo, work.row.entityNo, partNameOf(work)),
  );
  return { entityNo: work.row.entityNo, ord: work.part?.ord ?? 0, part: partNameOf(work), sentKeys };
}

/** What an earlier attempt sent; null when the link carries no intent. */
export function openSentDocument(env: DrainEnvironment, work: Work): SentCreate | null {
  const link = work.pair.link;
  if (link === null || link.sentKeys === null || link.sentAt === null) return null;
  const { sentKeys, sentAt, part } = link;
  return { document: openIntent(env, { entityNo: work.row.entityNo, part, sentKeys }), sentAt };
}

/** The document that the intent of an entity holds. */
export function openIntent(
  env: DrainEnvironment,
  { entityNo, part, sentKeys }: Pick<CreateIntent, 'entityNo' | 'part' | 'sentKeys'>,
): JsonObject {
  return env.services.linkBodies.openBrief(sentKeys, intentPlace(env.targetNo, entityNo, part));
}

function intentPlace(targetNo: number, entityNo: number, part: string | null): string {
  return `${linkPlace(targetNo, entityNo, part)}/intent`;
}
