import { Inject, Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import type { JsonObject } from '../../core/json.js';
import { isJsonObject } from '../../core/json.js';
import { findTransformation, listTransformationVersions, saveTransformation } from '../../state/config/index.js';
import type { TransformationVersion } from '../../state/config/index.js';
import type { Principal } from '../auth/auth.service.js';
import { isoInstant } from '../common/paging.schemas.js';
import { ProblemError, notFound } from '../common/problem.js';
import { DATA_SOURCE } from '../infrastructure.js';
import { SystemLookup } from '../systems/system-lookup.js';
import { ProgramService } from './program.service.js';
import type {
  CheckResult,
  SaveTransformation,
  SavedTransformation,
  TransformationView,
  VersionList,
  VersionQuery,
} from './transformations.schemas.js';

/** Reading, checking and saving the transformation of a system. */
@Injectable()
export class TransformationsService {
  constructor(
    @Inject(DATA_SOURCE) private readonly dataSource: DataSource,
    @Inject(SystemLookup) private readonly systems: SystemLookup,
    @Inject(ProgramService) private readonly programs: ProgramService,
  ) {}

  /** One version, or the one in force. */
  async read(systemId: string, version?: number): Promise<TransformationView> {
    const system = await this.systems.require(systemId);
    const found = await findTransformation(this.dataSource, system.no, version);
    if (found === undefined) throw notFound(`version ${version ?? 1} of this transformation`);
    return { ...toVersion(found), transformation: found.document };
  }

  /** History, newest first. */
  async listVersions(systemId: string, query: VersionQuery): Promise<VersionList> {
    const system = await this.systems.require(systemId);
    const { items, total } = await listTransformationVersions(this.dataSource, system.no, query);
    return { items: items.map(toVersion), total };
  }

  /** What the compiler says about a document, without saving it. */
  async check(systemId: string, transformation: unknown): Promise<CheckResult> {
    const system = await this.systems.require(systemId);
    const issues = await this.programs.check(this.dataSource, system.no, document(transformation));
    return { ok: issues.every((issue) => issue.severity !== 'error'), issues: [...issues] };
  }

  /** Saves the next version; it is in force from the next run on (PRP-9). */
  async save(systemId: string, body: SaveTransformation, caller: Principal): Promise<SavedTransformation> {
    const system = await this.systems.require(systemId);
    const { description, baseVersion } = body;
    const warnings = await this.dataSource.transaction(async (manager) => {
      await this.systems.lock(manager, system.no);
      const transformation = document(body.transformation);
      const changedIds = await this.programs.changedIds(manager, system.no, transformation);
      await saveTransformation(manager, system.no, {
        document: transformation,
        description,
        modifiedBy: caller.userName,
        ...(baseVersion !== undefined && { baseVersion }),
      });
      return [...(await this.programs.settle(manager, system.no)), ...changedIds];
    });
    return { ...(await this.read(systemId)), warnings: [...warnings] };
  }
}

function document(value: unknown): JsonObject {
  if (isJsonObject(value)) return value;
  throw new ProblemError('invalid-request', 'the transformation must be an object', {
    errors: [{ pointer: '/transformation', message: 'must be an object' }],
  });
}

function toVersion(version: TransformationVersion): VersionList['items'][number] {
  const { description, modifiedBy, modifiedAt } = version;
  return { version: version.version, description, modifiedBy, modifiedAt: isoInstant(modifiedAt) };
}
