import { performance } from 'node:perf_hooks';
import type { Page } from '../../connectors/contract.js';
import type { EntityType } from '../../core/entity-type.js';
import type { TypeProgram } from '../../core/transform/program.js';
import { commitPage } from '../../state/intake/commit-page.js';
import { analyzeEntities, beginType, restartType } from '../../state/intake/type-state.js';
import type { TypeRead } from '../../state/intake/type-state.js';
import { isResyncKind, isSimulation } from '../../state/runs/run.js';
import { analyzeStaged } from '../../state/simulation/staging.js';
import { takeChain } from '../../state/runs/fence.js';
import type { RunFence } from '../../state/runs/fence.js';
import { changesSoFar, isToBeginAgain, turnFull } from '../../state/runs/read-mode.js';
import { endedTargets } from '../../state/runs/target-end.js';
import type { ChunkResult, IntakeChunkInput } from '../contract.js';
import type { EngineServices } from '../support/services.js';
import { codeOf, takers } from '../support/run-context.js';
import type { RunContext } from '../support/run-context.js';
import { PageContents } from '../logs/page-contents.js';
import { stageRead } from '../simulate/stage-read.js';
import { finishType, failType } from './end-of-type.js';
import { beginAgain, isBroken } from './interrupted-read.js';
import { ChangeShare } from './change-share.js';
import { comparePage } from './compare-page.js';
import { findDueByTime } from './due-by-time.js';
import { gatherPages } from './gather-pages.js';
import type { GatheredPages } from './gather-pages.js';
import { PagesAhead } from './pages-ahead.js';
import { ReadNumbers } from './read-numbers.js';
import { readPage, sourceFailure, SourcePausedError, toCursor, toWatermark } from './read-page.js';

/** A chunk ends after this many entities at the latest. */
const CHUNK_ENTITIES = 10_000;
/** Beginnings of a read, all reasons together, after which a position that is lost once more fails it. */
const MAX_EPOCHS = 2;
/** Statistics are refreshed once a first load has brought this many rows. */
const ANALYZE_AFTER_ENTITIES = 1_000;

/** What was read, with the number drawn before it was asked for. */
interface NumberedPage extends GatheredPages {
  readonly readSeq: number;
}

/** Reads pages of one type and brings the stored entities up to date with them (engine.md §5). */
export async function intakeChunk(services: EngineServices, input: IntakeChunkInput): Promise<ChunkResult> {
  return services.chunk(input.runKey, async (watch, scope, phase) => {
    const context = await services.contexts.get(input.runKey, scope.owner);
    const fence = await takeChain(services.pool, input.runKey, scope.owner, 'intake');
    const program = context.source.program.types.get(input.type);
    if (program === undefined) throw new Error(`the source does not deliver entities of type ${input.type}`);
    const earlier = context.types.slice(0, context.types.indexOf(input.type)).map(codeOf);
    if (await isToBeginAgain(services.pool, input.runKey, earlier)) return { more: true, restart: true };
    const read = await openType(services, context, fence, input.type);
    if (read.state === 'failed') return { more: false, ended: 'sourceFailed' };
    if (read.state !== 'reading') return { more: false };
    await phase.enter(context.source, input.type, 'read');
    if (hasAllPages(read)) return finishType(services.pool, fence, context, input.type, watch.signal);
    const chunk = new IntakeChunk(services, context, fence, input.type, program, watch.signal);
    try {
      return await chunk.run(read);
    } catch (error) {
      watch.throwIfStopped();
      if (error instanceof SourcePausedError) return { more: true, pauseMs: error.pauseMs };
      const failure = sourceFailure(error);
      if (failure === undefined) throw error;
      if (failure.kind === 'deltaLost' && read.mode === 'delta')
        return readFully(services, context, fence, failure.adminMessage);
      const again = await beginAgain(services.pool, fence, context, input.type, failure);
      if (again !== undefined) return again;
      // The source has forgotten where the read was: it begins again (CONN-SCIM-24), but not for ever.
      if (failure.kind === 'deltaLost' && read.epoch < MAX_EPOCHS) {
        await restartType(services.pool, fence, context.source.snapshot.no, codeOf(input.type), 'lost');
        return { more: true };
      }
      await failType(services.pool, fence, context, input.type, failure);
      return { more: false, ended: 'sourceFailed' };
    } finally {
      context.bell.ring();
    }
  });
}

/** The same run goes on as a full read (RDM-8, RDM-13); that is no failure, so only the log says why. */
async function readFully(
  services: EngineServices,
  context: RunContext,
  fence: RunFence,
  reason: string,
): Promise<ChunkResult> {
  await turnFull(services.pool, fence, context.source.snapshot.no);
  services.deps.log.info({ runKey: fence.runKey, reason }, 'the delta read becomes a full read');
  return { more: true };
}

/** The last page is committed and the process died before it drew the conclusion: a first page would be read as the next one. */
function hasAllPages(read: TypeRead): boolean {
  return read.pages > 0 && read.cursor === null;
}

/**
 * An index-paged read that rested too long would continue in a list that has moved: it begins again (engine invariant 9). So does one whose
 * connection belonged to an earlier attempt.
 */
async function openType(
  services: EngineServices,
  context: RunContext,
  fence: RunFence,
  type: EntityType,
): Promise<TypeRead> {
  const read = await beginType(services.pool, fence.runKey, codeOf(type), readModeOf(context, type));
  if (read.state !== 'reading' || hasAllPages(read)) return read;
  const { capabilities, snapshot } = context.source;
  const rested = (read.idleSeconds ?? 0) * 1000 > services.timing.pagingPauseMs && capabilities.paging === 'index';
  if (!rested && !isBroken(read, capabilities)) return read;
  await restartType(services.pool, fence, snapshot.no, codeOf(type), rested ? 'rested' : 'interrupted');
  return beginType(services.pool, fence.runKey, codeOf(type), readModeOf(context, type));
}

function readModeOf(context: RunContext, type: EntityType): 'full' | 'delta' {
  return context.watermarks[type] === undefined ? 'full' : 'delta';
}

class IntakeChunk {
  private readonly startedMs = performance.now();
  private entities = 0;
  /** Of {@link entities}, those that were not there before. */
  private added = 0;
  private readonly numbers: ReadNumbers;
  /** Undefined: any number of changes is read as a delta. */
  private readonly share: ChangeShare | undefined;

  constructor(
    private readonly services: EngineServices,
    private readonly context: RunContext,
    private readonly fence: RunFence,
    private readonly type: EntityType,
    private readonly program: TypeProgram,
    private readonly signal: AbortSignal,
  ) {
    const { changeShare, source } = context;
    this.numbers = new ReadNumbers(services.pool, this.isBoundToConnection);
    if (changeShare !== undefined) this.share = new ChangeShare(services.pool, source.snapshot.no, changeShare);
  }

  /** Pages are read ahead while those before them are stored. */
  async run(read: TypeRead): Promise<ChunkResult> {
    const ahead = new PagesAhead(
      read.cursor,
      (cursor) => this.fetch(read, cursor),
      () => this.isOver(),
    );
    try {
      return await this.storeAll(read, ahead);
    } finally {
      ahead.stop();
    }
  }

  private async storeAll(read: TypeRead, ahead: PagesAhead<NumberedPage>): Promise<ChunkResult> {
    for (let pageNo = read.pages; ; pageNo += 1) {
      const { read: current, isAtBorder } = await ahead.take();
      this.services.deps.reached?.('fetched');
      if (await this.store(read.epoch, pageNo, current)) this.context.bell.ring();
      this.services.deps.reached?.('pageCommitted');
      if (read.mode === 'delta' && (await this.isTooMuchForDelta())) {
        await ahead.abandon();
        const reason = `more than ${this.share?.allowed} changes: ips.delta.max.share is exceeded`;
        return readFully(this.services, this.context, this.fence, reason);
      }
      if (current.failure !== undefined) throw current.failure.error;
      if (current.page.next === null)
        return finishType(this.services.pool, this.fence, this.context, this.type, this.signal);
      if (await this.allTargetsEnded()) {
        await ahead.abandon();
        return { more: false, ended: 'allTargetsFailed' };
      }
      if (isAtBorder) return { more: true };
    }
  }

  private async fetch(read: TypeRead, cursor: object | null): Promise<NumberedPage> {
    const readSeq = await this.numbers.next();
    const page = await this.fetchPage(read, cursor);
    if (!this.isBoundToConnection) return { page, readSeq };
    return { ...(await gatherPages(page, (next) => this.fetchPage(read, next))), readSeq };
  }

  private fetchPage(read: TypeRead, cursor: object | null): Promise<Page> {
    const watermark = read.mode === 'delta' ? this.context.watermarks[this.type] : undefined;
    return readPage(
      this.context,
      {
        type: this.type,
        cursor: toCursor(cursor),
        mode: read.mode,
        signal: this.signal,
        ...(watermark !== undefined && { watermark: toWatermark(watermark) }),
      },
      this.services.timing.longPauseMs,
    );
  }

  /** True when the page brought work for the drains. */
  private async store(epoch: number, pageNo: number, read: NumberedPage): Promise<boolean> {
    if (isSimulation(this.context.kind)) return this.stage(epoch, pageNo, read);
    const { page, readSeq } = read;
    const { pool, hasher, entityBodies } = this.services;
    const sourceNo = this.context.source.snapshot.no;
    const contents = this.pageContents();
    const tools = { pool, context: this.context, hasher, bodies: entityBodies, contents };
    const mapped = await comparePage(tools, this.type, this.program, page);
    const dueByTime = await findDueByTime(
      pool,
      { context: this.context, hasher, entityBodies },
      this.type,
      mapped.unchanged,
    );
    this.signal.throwIfAborted();
    await commitPage(pool, this.fence, {
      sourceNo,
      type: codeOf(this.type),
      epoch,
      pageNo,
      readSeq,
      program: this.context.source.snapshot.programNumber,
      changes: mapped.changes,
      seen: mapped.seen,
      skipped: mapped.skipped,
      dueByTime,
      failures: mapped.failures,
      failedNos: mapped.failedNos,
      unknownMembers: mapped.unknownMembers,
      tombstones: page.tombstones.length,
      cursor: page.next,
      total: page.total?.quality === 'exact' ? page.total.value : null,
      drift: page.drift === 'total-shrank' ? page.drift : null,
      watermark: page.watermark ?? null,
      targets: takers(this.context, this.type),
      force: isResyncKind(this.context.kind),
      ...(contents !== undefined && { contents: contents.list }),
    });
    await this.refreshStatistics(mapped.changes.length, mapped.added);
    return mapped.changes.length + dueByTime.length > 0 || isResyncKind(this.context.kind);
  }

  private pageContents(): PageContents | undefined {
    const { services, context, type, program } = this;
    const { contents } = context;
    return contents === undefined ? undefined : new PageContents(services, context, contents, type, program);
  }

  /** Of a simulated read nothing is due. */
  private async stage(epoch: number, pageNo: number, { page, readSeq }: NumberedPage): Promise<boolean> {
    const { services, context, fence, type, program } = this;
    const before = this.entities;
    this.entities += await stageRead(services, context, fence, { type, program, epoch, pageNo, page, readSeq });
    if (before < ANALYZE_AFTER_ENTITIES && this.entities >= ANALYZE_AFTER_ENTITIES) await analyzeStaged(services.pool);
    return false;
  }

  /** What was there before is known to the statistics: a thousand changes among a million entities are no reason to look at them all. */
  private async refreshStatistics(changes: number, added: number): Promise<void> {
    const before = this.added;
    this.entities += changes;
    this.added += added;
    if (before < ANALYZE_AFTER_ENTITIES && this.added >= ANALYZE_AFTER_ENTITIES)
      await analyzeEntities(this.services.pool);
  }

  private get isBoundToConnection(): boolean {
    return this.context.source.capabilities.cursorResume === 'connection';
  }

  /** A read that hangs on one connection is one long activity: a border would lose it. */
  private isOver(): boolean {
    if (this.isBoundToConnection) return false;
    return this.entities >= CHUNK_ENTITIES || performance.now() - this.startedMs > this.services.timing.chunkMs;
  }

  /** RDM-13: decided from the first reported total, or else as soon as the share is passed. */
  private async isTooMuchForDelta(): Promise<boolean> {
    if (this.share === undefined) return false;
    return this.share.isExceededBy(await changesSoFar(this.services.pool, this.fence.runKey));
  }

  /** ORD-9: nobody is left to read for. What a paused target gets later is collected now. */
  private async allTargetsEnded(): Promise<boolean> {
    if (this.context.targets.length === 0) return false;
    const ended = await endedTargets(this.services.pool, this.fence.runKey);
    return this.context.targets.every((target) => ended.get(target.snapshot.no)?.byPause === false);
  }
}
