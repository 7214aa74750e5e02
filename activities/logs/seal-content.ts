import { masked, storedContent } from '../../core/logs/content.js';
import type { Secrets } from '../../core/logs/content.js';
import type { ContentResult, ContentTracing } from '../../core/logs/trace.js';
import type { JsonObject } from '../../core/json.js';
import { contentPlace } from '../../runtime/sealed-bodies.js';
import type { SealContent } from '../../state/logs/contents.js';
import type { EngineServices } from '../support/services.js';

/** Whose content it is. */
export interface ContentOwner {
  readonly runKey: string;
  readonly systemNo: number;
  readonly type: number;
  readonly result: ContentResult;
}

/** A document with what must not be seen of it. */
export interface TracedDocument extends Secrets {
  readonly document: JsonObject;
}

/** The content of an entity, masked before it is sealed (TRC-7). The document is looked at when it is stored; null: there is none. */
export function sealContent(
  { logContents }: Pick<EngineServices, 'logContents'>,
  { maxCharacters }: ContentTracing,
  { runKey, systemNo, type, result }: ContentOwner,
  find: () => TracedDocument | null,
): SealContent {
  return () => {
    const found = find();
    const content = found === null ? null : masked(found.document, found);
    return logContents.seal(storedContent(content, maxCharacters), contentPlace(runKey, systemNo, type, result));
  };
}
