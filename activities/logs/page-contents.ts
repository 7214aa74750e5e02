import type { ContentTracing } from '../../core/logs/trace.js';
import type { EntityType } from '../../core/entity-type.js';
import type { JsonObject } from '../../core/json.js';
import type { TypeProgram } from '../../core/transform/program.js';
import type { PageContent } from '../../state/intake/page-contents.js';
import { codeOf } from '../support/run-context.js';
import type { RunContext } from '../support/run-context.js';
import type { EngineServices } from '../support/services.js';
import { sealContent } from './seal-content.js';
import type { TracedDocument } from './seal-content.js';

/** Contents of the entities of a page that the source has skipped or that could not be read (TRC-9). */
export class PageContents {
  readonly list: PageContent[] = [];

  constructor(
    private readonly services: Pick<EngineServices, 'logContents'>,
    private readonly context: RunContext,
    private readonly tracing: ContentTracing,
    private readonly type: EntityType,
    private readonly program: TypeProgram,
  ) {}

  /** It does not meet the condition: its read transformation did not begin, so that the source JSON is what there is. */
  skipped(sourceKey: string, entityNo: number | null, body: JsonObject): void {
    if (!this.tracing.results.has('skipped')) return;
    this.list.push({ result: 'skipped', sourceKey, entityNo, seal: this.seal('skipped', () => ({ document: body })) });
  }

  /**
   * The common JSON where the read transformation had come to its end, else the source JSON.
   *
   * @param position of the failure among those of the page, from 1 on
   * @param body null: the source has not given any
   */
  failed(position: number, body: JsonObject | null): void {
    if (!this.tracing.results.has('failed')) return;
    const find = (): TracedDocument | null =>
      body === null ? null : { document: this.commonOf(body) ?? body, madeOf: body };
    this.list.push({ result: 'failed', position, seal: this.seal('failed', find) });
  }

  private commonOf(body: JsonObject): JsonObject | undefined {
    const outcome = this.program.read(body, this.context.evaluation);
    return outcome.kind === 'mapped' ? outcome.common : undefined;
  }

  private seal(result: 'skipped' | 'failed', find: () => TracedDocument | null): PageContent['seal'] {
    const { runKey, source } = this.context;
    const owner = { runKey, systemNo: source.snapshot.no, type: codeOf(this.type), result };
    return sealContent(this.services, this.tracing, owner, find);
  }
}
