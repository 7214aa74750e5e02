import type { ConnectorError } from '../../connectors/errors.js';
import type { ErrorClass } from '../../core/healing/error-class.js';
import type { JsonObject } from '../../core/json.js';
import type { Origin } from '../../core/sync/facts.js';
import type { LogLine } from '../../state/drain/entity-log.js';
import type { LinkWrite } from '../../state/drain/link-writes.js';
import type { Settlement } from '../../state/drain/settle.js';
import { linkPlace } from '../../runtime/sealed-bodies.js';
import { mapTarget } from './evaluate-pair.js';
import type { MappedTarget, MappingFailure } from './evaluate-pair.js';
import { withUnresolved } from './unresolved.js';
import { ofPart } from './part-documents.js';
import { partNameOf, settlement } from './work.js';
import type { DrainEnvironment, Work } from './work.js';
import { errorClassOf } from './write-errors.js';

/** The target JSON of an update, for a target id that was not known when the pair was evaluated. */
export function mapForUpdate(env: DrainEnvironment, work: Work, targetKey: string): MappedTarget | MappingFailure {
  const common = work.evaluation.common;
  if (common === null) return { kind: 'failed', message: 'the entity has no common JSON' };
  return ofPart(work, mapTarget(env.tools, env.type, common, 'update', targetKey, work.references));
}

/** The target JSON of a create. */
export function mapForCreate(env: DrainEnvironment, work: Work): MappedTarget | MappingFailure {
  const common = work.evaluation.common;
  if (common === null) return { kind: 'failed', message: 'the entity has no common JSON' };
  return ofPart(work, mapTarget(env.tools, env.type, common, 'create', undefined, work.references));
}

/** A target entity as it was written. */
export interface WrittenPair {
  readonly targetKey: string;
  readonly origin: Origin;
  readonly mapped: MappedTarget;
  readonly etag: string | null;
  /** As the target answered, where it did. */
  readonly entity?: JsonObject | undefined;
  /** Our create made it, and its groups are not assigned yet: the groups of a create count, `createEntity` included. */
  readonly isNew: boolean;
  /** An update has given the account another identifier. */
  readonly isRenamed?: boolean;
  readonly log: LogLine | null;
}

/** A pair that is in step now. */
export function linkedSettlement(env: DrainEnvironment, work: Work, result: WrittenPair): Settlement {
  const link: LinkWrite = {
    kind: 'linked',
    targetKey: result.targetKey,
    origin: result.origin,
    commonHash: work.pair.commonHash,
    targetHash: result.mapped.hash,
    program: env.tools.target.snapshot.programNumber,
    outOfScope: false,
    etag: result.etag,
    body: env.services.linkBodies.seal(
      result.mapped.storable,
      linkPlace(env.targetNo, work.row.entityNo, partNameOf(work)),
    ),
  };
  const before = work.pair.link?.targetKey ?? null;
  return settlement(
    work,
    { kind: 'settled' },
    {
      link,
      references: result.mapped.references,
      targetKeyChanged: before !== null && before !== result.targetKey,
      ...(result.isRenamed === true && { isRenamed: true }),
      log: withUnresolved(result.log, result.mapped.references),
    },
  );
}

/** Why a pair failed, where no connector says it. */
export interface Failure {
  readonly errorClass: ErrorClass;
  readonly code: string | null;
  readonly message: string;
}

/** The pair is tried again by the next run, its stored hash unchanged (CHG-8). `link`: what becomes of the link, null for nothing. */
export function failed(
  work: Work,
  operation: LogLine['operation'],
  failure: ConnectorError | Failure,
  link: LinkWrite | null = null,
): Settlement {
  const known = 'errorClass' in failure ? failure : failureOf(failure);
  const log: LogLine = { operation, result: 'failed', code: known.code, message: known.message, durationMs: 0 };
  return settlement(work, { kind: 'failed', errorClass: known.errorClass }, { link, log });
}

/**
 * A program of ours failed on the pair. Where a reference was not linked yet that is the likely cause: the pair is tried as soon as the
 * other entity is there (HEA-3).
 */
export function unmappable(
  work: Work,
  operation: LogLine['operation'],
  failure: MappingFailure,
  link: LinkWrite | null = null,
): Settlement {
  const references = failure.references ?? null;
  const errorClass = references !== null && references.unresolved.length > 0 ? 'missingReference' : 'validation';
  const settled = failed(work, operation, { errorClass, code: null, message: failure.message }, link);
  return references === null ? settled : { ...settled, references: { ...references, resolved: null } };
}

function failureOf(error: ConnectorError): Failure {
  return { errorClass: errorClassOf(error), code: error.status?.toString() ?? error.kind, message: error.adminMessage };
}

/** Never sent: as if it had not been leased; an intent that was committed for it is turned back (engine invariant 4 ⚠). */
export function released(work: Work): Settlement {
  const unsentIntent = work.evaluation.action === 'create' && work.intentAt !== null && !work.sent;
  return settlement(work, { kind: 'released' }, { link: unsentIntent ? { kind: 'removed' } : null });
}

/** Sent and surely not applied. */
export function refused(work: Work, errorClass: ErrorClass): Settlement {
  const ownIntent = work.evaluation.action === 'create' && work.intentAt !== null && !work.inDoubt;
  return settlement(work, { kind: 'released', errorClass }, { link: ownIntent ? { kind: 'removed' } : null });
}
