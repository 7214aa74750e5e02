import { randomInt } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import type { JsonObject } from '../../core/json.js';
import { ASSUMED_TARGET_ID, previewRead, previewWrites, referencesAsked } from '../../core/preview/preview.js';
import type { ReadPreview } from '../../core/preview/preview.js';
import type { EvaluationContext } from '../../core/transform/program.js';
import type { SqlPool } from '../../state/database.js';
import { SQL_POOL } from '../infrastructure.js';
import { knownLinks } from './known-links.js';
import type { KnownLinks } from './known-links.js';
import type { PreviewBody, PreviewedEntity, PreviewResult, PreviewTargetId } from './preview.schemas.js';
import { compiledSides, jsonDocument, PreviewSidesService } from './preview-sides.service.js';
import type { OpenedSide } from './preview-sides.service.js';

/** An entity of the request after the read transformation. */
interface ReadEntity {
  readonly type: PreviewBody['entities'][number]['type'];
  readonly given: string | undefined;
  /** Undefined without a source. */
  readonly read: ReadPreview | undefined;
  readonly common: JsonObject | undefined;
}

/** Tries transformations on entities without writing or storing anything. */
@Injectable()
export class PreviewService {
  constructor(
    @Inject(PreviewSidesService) private readonly sides: PreviewSidesService,
    @Inject(SQL_POOL) private readonly pool: SqlPool,
  ) {}

  /** Problems: `invalid-transformation` with all errors of both transformations, `not-found`, `invalid-request`. */
  async preview(body: PreviewBody): Promise<PreviewResult> {
    const { source, target } = await this.#open(body);
    const context: EvaluationContext = { now: new Date(), randomInt: (exclusiveMax) => randomInt(exclusiveMax) };
    const entities = body.entities.map((entity) => readEntity(entity, source, context));
    return {
      warnings: { source: source?.warnings ?? [], target: target?.warnings ?? [] },
      entities: target === undefined ? entities.map(toView) : await this.#write(entities, source, target, context),
    };
  }

  async #open(body: PreviewBody): Promise<{ source: OpenedSide | undefined; target: OpenedSide | undefined }> {
    const source = body.source === undefined ? undefined : await this.sides.open(body.source, 'source');
    const target = body.target === undefined ? undefined : await this.sides.open(body.target, 'target');
    compiledSides([source, target].filter((result) => result !== undefined));
    return { source: source?.ok ? source.side : undefined, target: target?.ok ? target.side : undefined };
  }

  async #write(
    entities: readonly ReadEntity[],
    source: OpenedSide | undefined,
    target: OpenedSide,
    context: EvaluationContext,
  ): Promise<readonly PreviewedEntity[]> {
    const own = entities.flatMap(({ type, read }) =>
      read?.sourceId === undefined ? [] : [{ type, sourceId: read.sourceId }],
    );
    const ownLinks = await knownLinks(this.pool, source?.systemNo, target.systemNo, own);
    const withIds = entities.map((entity) => ({ ...entity, targetId: targetIdOf(entity, ownLinks) }));
    const asked = withIds.flatMap(({ type, common, targetId }) =>
      common === undefined ? [] : referencesAsked(target, type, common, { ...context, targetId: targetId.value }),
    );
    const links = await knownLinks(this.pool, source?.systemNo, target.systemNo, asked);
    return withIds.map(({ targetId, ...entity }) => {
      if (entity.common === undefined) return toView(entity);
      const steps = previewWrites(target, entity.type, entity.common, {
        ...context,
        targetId: targetId.value,
        resolve: ({ type, sourceIds }) => sourceIds.map((sourceId) => links(type, sourceId)),
      });
      return { ...toView(entity), targetId, ...steps };
    });
  }
}

function readEntity(
  { type, content, targetId }: PreviewBody['entities'][number],
  source: OpenedSide | undefined,
  context: EvaluationContext,
): ReadEntity {
  const document = jsonDocument(content);
  if (source === undefined) return { type, given: targetId, read: undefined, common: document };
  const read = previewRead(source, type, document, context);
  return { type, given: targetId, read, common: read.common };
}

function targetIdOf({ type, given, read }: ReadEntity, links: KnownLinks): PreviewTargetId {
  if (given !== undefined) return { value: given, from: 'request' };
  const [linked] = read?.sourceId === undefined ? [] : links(type, read.sourceId);
  return linked === undefined ? { value: ASSUMED_TARGET_ID, from: 'assumed' } : { value: linked, from: 'link' };
}

function toView({ type, read }: ReadEntity): PreviewedEntity {
  return {
    type,
    ...(read?.sourceId === undefined ? {} : { sourceId: read.sourceId }),
    ...(read === undefined ? {} : { read: read.step }),
  };
}
