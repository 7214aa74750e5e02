import { isSuspiciouslySmall, usualSize } from '../../core/sync/read-safety.js';
import type { ReadGuard } from '../../core/sync/read-safety.js';
import { lockGuard, noteGuard, readSizes } from '../../state/absence/guards.js';
import type { GuardFinding } from '../../state/absence/guards.js';
import { hasLinks } from '../../state/absence/mark-absent.js';
import { readVerdict } from '../../state/absence/verdict.js';
import type { ReadVerdict, TypeVerdict } from '../../state/absence/verdict.js';
import type { Sql } from '../../state/database.js';
import { loadSourceState } from '../../state/runs/source-state.js';
import { apiVersion, readFingerprint } from '../run/read-mode.js';
import type { RunContext } from '../support/run-context.js';
import type { EngineServices } from '../support/services.js';

/** DEL-1 under the switch of the source (DEL-24). */
export function verdictOf(sql: Sql, context: RunContext): Promise<ReadVerdict> {
  const { safety, source, runKey, mode } = context;
  const isAsked = safety.confirmsAbsence && source.capabilities.readOne;
  const isolation = !safety.isolatesFailures ? 'off' : isAsked ? 'named' : 'known';
  return readVerdict(sql, {
    runKey,
    sourceNo: source.snapshot.no,
    mode,
    typeCount: context.types.length,
    repeats: source.capabilities.repeatsEntities === true,
    isolation,
  });
}

/**
 * What the guards say of a type that was read to its end in a full read: once for the run, so that deletions of one target do not change what
 * the next one is told. Call it in the transaction that plans by it.
 */
export async function guardOf(
  services: EngineServices,
  sql: Sql,
  context: RunContext,
  type: TypeVerdict,
): Promise<GuardFinding> {
  const known = await lockGuard(sql, context.runKey, type.typeCode);
  if (known !== undefined) return known;
  const finding = await ask(services, sql, context, type);
  await noteGuard(sql, context.runKey, type.typeCode, finding);
  return finding;
}

async function ask(services: EngineServices, sql: Sql, context: RunContext, type: TypeVerdict): Promise<GuardFinding> {
  const { safety, accepts } = context;
  const sourceNo = context.source.snapshot.no;
  const found = (guard: ReadGuard, usual: number | null = null): GuardFinding => ({ guard, usualSize: usual });
  const isAccepted = accepts.emptyRead.includes(type.type);
  if (safety.guardsEmptyReads && !isAccepted && (await isEmpty(sql, context, type))) return found('emptyRead');
  if (await isReadAnew(services, sql, context)) return found('configurationChanged');
  if (safety.sizePercent === undefined || isAccepted || accepts.readSize.includes(type.type)) return found('none');
  const usual = usualSize(await readSizes(sql, sourceNo, type.typeCode));
  const isSmall = isSuspiciouslySmall(type.delivered + type.failed, usual, safety.sizePercent);
  return isSmall ? found('sizeGuard', usual) : found('none');
}

/**
 * DEL-21: a full read that returned nothing at all, although there are links of the type, is taken for a broken source and not for a
 * company without people. What was delivered and skipped, or could not be read, is something.
 */
async function isEmpty(sql: Sql, context: RunContext, { typeCode, delivered, failed }: TypeVerdict): Promise<boolean> {
  if (delivered + failed > 0) return false;
  const targets = context.targets.map((target) => target.snapshot.no);
  return hasLinks(sql, context.source.snapshot.no, typeCode, targets);
}

/**
 * UNK-2: the first full read after the API version was changed: ids may be others. And, where the source cannot be asked for one entity
 * (DEL-23), the first one after a change of what decides which entities it delivers. Another filter alone is no doubt where it can be asked:
 * who does not match it is like deleted (DEL-17).
 */
async function isReadAnew(services: EngineServices, sql: Sql, { safety, source }: RunContext): Promise<boolean> {
  if (safety.followsReference || !safety.confirmsAbsence) return false;
  const { knownFilter, knownVersion } = await loadSourceState(sql, source.snapshot.no);
  if (knownVersion !== null && knownVersion !== apiVersion(source)) return true;
  if (source.capabilities.readOne || knownFilter === null) return false;
  return !knownFilter.equals(readFingerprint(services, source));
}
