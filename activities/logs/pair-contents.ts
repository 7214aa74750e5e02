import type { ContentTracing } from '../../core/logs/trace.js';
import type { JsonObject } from '../../core/json.js';
import type { LogLine } from '../../state/drain/entity-log.js';
import type { StoredPair } from '../../state/drain/pair-facts.js';
import type { Settlement } from '../../state/drain/settle.js';
import { openCommon } from '../drain/evaluate-pair.js';
import type { MappedTarget } from '../drain/evaluate-pair.js';
import { partNameOf } from '../drain/work.js';
import type { DrainEnvironment, Work } from '../drain/work.js';
import { sealContent } from './seal-content.js';
import type { TracedDocument } from './seal-content.js';

/** What is known of a pair that has come to its result. */
export type TracedPair = Pick<Work, 'pair' | 'document' | 'parts' | 'part'>;

/** The settlement with the contents of the results that its run traces (TRC-9). A run that traces none pays one look. */
export function withContents(env: DrainEnvironment, work: TracedPair, settled: Settlement): Settlement {
  const tracing = env.tools.context.contents;
  if (tracing === undefined) return settled;
  const { log, parts } = settled;
  return {
    ...settled,
    log: log === null ? null : traced(env, tracing, work, log),
    ...(parts !== undefined && {
      parts: parts.map((one) => {
        const unit = work.parts.find((part) => partNameOf(part) === one.part) ?? work;
        return one.log === null ? one : { ...one, log: traced(env, tracing, unit, one.log) };
      }),
    }),
  };
}

/** A pair of which nothing was sent. */
export function untried(pair: StoredPair): TracedPair {
  return { pair, document: null, parts: [], part: null };
}

function traced(env: DrainEnvironment, tracing: ContentTracing, work: TracedPair, log: LogLine): LogLine {
  const { result, operation } = log;
  if (result === 'deleted' || !tracing.results.has(result)) return log;
  const { services, runKey, targetNo: systemNo, typeCode: type } = env;
  const find = (): TracedDocument | null => (operation === 'delete' ? null : documentOf(env, work));
  return { ...log, content: sealContent(services, tracing, { runKey, systemNo, type, result }, find) };
}

/** The target JSON as sent, or, where it did not come to that, the common JSON it would have been made of. */
function documentOf(env: DrainEnvironment, { pair, document }: TracedPair): TracedDocument | null {
  const common = commonOf(env, pair);
  if (document !== null) return { document: document.body, attributes: secretAttributes(document), madeOf: common };
  return common === null ? null : { document: common };
}

function commonOf(env: DrainEnvironment, pair: StoredPair): JsonObject | null {
  return pair.commonBody === null ? null : openCommon(env.tools, env.type, pair);
}

/** What may not be stored with a link may not be logged either (LNK-5). */
function secretAttributes({ body, storable }: MappedTarget): ReadonlySet<string> {
  return new Set(Object.keys(body).filter((name) => !(name in storable)));
}
