import { randomInt, randomUUID } from 'node:crypto';
import { buffer } from 'node:stream/consumers';
import { Inject, Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { askedByCreates, createAll, readAll } from '../../core/validate/validate.js';
import type { TargetResult, ValidatedEntity, ValidatedSystem } from '../../core/validate/validate.js';
import type { EvaluationContext } from '../../core/transform/index.js';
import { createBodySealer } from '../../runtime/sealed-bodies.js';
import type { BodySealer } from '../../runtime/sealed-bodies.js';
import { InstallationKeys } from '../../runtime/secrets.js';
import { listTargetsOfSource } from '../../state/config/index.js';
import type { SystemRecord } from '../../state/config/index.js';
import type { SqlPool } from '../../state/database.js';
import {
  findValidation,
  forgetOldValidations,
  listValidations,
  storeValidation,
} from '../../state/validation/results.js';
import { isoInstant } from '../common/paging.schemas.js';
import { notFound, ProblemError } from '../common/problem.js';
import { fileTime, zipOf } from '../common/zip.js';
import { DATA_SOURCE, INSTALLATION_KEYS, SQL_POOL } from '../infrastructure.js';
import { SystemLookup } from '../systems/system-lookup.js';
import { knownLinks } from '../transformations/known-links.js';
import { compiledSides, PreviewSidesService } from '../transformations/preview-sides.service.js';
import type { OpenedSide } from '../transformations/preview-sides.service.js';
import { readFiles } from './input-files.js';
import { resultFiles } from './result-files.js';
import type { ValidateBody, ValidationList } from './validation.schemas.js';

/** A result to be downloaded. */
export interface ValidationFile {
  readonly id: string;
  readonly fileName: string;
  readonly zip: Buffer;
}

/** A system with its compiled transformation. */
type Opened = OpenedSide & ValidatedSystem;

/** Tries the stored transformations of a source and its targets on rows of CSV files (JOB-10, VAL rules). */
@Injectable()
export class ValidationService {
  readonly #sealer: BodySealer;

  constructor(
    @Inject(DATA_SOURCE) private readonly dataSource: DataSource,
    @Inject(SQL_POOL) private readonly pool: SqlPool,
    @Inject(INSTALLATION_KEYS) keys: InstallationKeys,
    @Inject(SystemLookup) private readonly systems: SystemLookup,
    @Inject(PreviewSidesService) private readonly sides: PreviewSidesService,
  ) {
    this.#sealer = createBodySealer(keys.deriveKey('validation'));
  }

  /** Problems: `not-found`, `invalid-request` with every mistake of the files, `no-enabled-target`, `invalid-transformation`. */
  async validate(systemId: string, body: ValidateBody, administrator: string): Promise<ValidationFile> {
    const system = await this.#source(systemId);
    const { entities, notes } = readFiles(body);
    const [source, ...targets] = await this.#open(system);
    const context: EvaluationContext = { now: new Date(), randomInt: (exclusiveMax) => randomInt(exclusiveMax) };
    const read = readAll(source, entities, context);
    const results = new Map<string, TargetResult>();
    for (const target of targets) {
      const asked = askedByCreates(target, read.entities, context);
      const links = await knownLinks(this.pool, source.systemNo, target.systemNo, asked);
      results.set(target.name, createAll(target, read.entities, context, links));
    }
    const files = resultFiles({
      notes,
      systems: [source, ...targets],
      types: typesOf(body),
      trace: read.trace,
      results,
    });
    const fileName = `ips_validate_${system.name}_${fileTime(context.now)}.zip`;
    const file = { id: randomUUID(), fileName, zip: await buffer(zipOf(files)) };
    await this.#keep(system.no, administrator, file);
    return file;
  }

  /** Results of the last 24 hours of this administrator. */
  async list(systemId: string, administrator: string): Promise<ValidationList> {
    const { no } = await this.#source(systemId);
    const records = await listValidations(this.pool, { sourceNo: no, administrator });
    return {
      items: records.map(({ id, fileName, createdAt, expiresAt }) => ({
        id,
        fileName,
        createdAt: isoInstant(createdAt),
        expiresAt: isoInstant(expiresAt),
      })),
    };
  }

  /** Problem `not-found`, also for a result of somebody else. */
  async find(systemId: string, id: string, administrator: string): Promise<ValidationFile> {
    const { no } = await this.#source(systemId);
    const found = await findValidation(this.pool, { sourceNo: no, administrator }, id);
    const zip = found && this.#sealer.open(found.sealed, placeOf(id))['zip'];
    if (found === undefined || typeof zip !== 'string') throw notFound(`result ${id} of yours`);
    return { id, fileName: found.fileName, zip: Buffer.from(zip, 'base64') };
  }

  async #source(systemId: string): Promise<SystemRecord> {
    const system = await this.systems.require(systemId);
    if (system.role === 'source') return system;
    throw notFound(`source ${systemId}: ${system.name} is a ${system.role}; validate the source that feeds it`);
  }

  /** The source first. Credentials are not loaded: a mask stands for each (VAL-11). */
  async #open(system: SystemRecord): Promise<[Opened, ...Opened[]]> {
    const targets = (await listTargetsOfSource(this.dataSource, system.no)).filter((target) => target.enabled);
    if (targets.length === 0)
      throw new ProblemError(
        'no-enabled-target',
        `connect a target to ${system.name} and enable it: a result is of a target`,
      );
    const stored = { properties: {}, credentials: {} };
    const results = await Promise.all([
      this.sides.open({ systemId: system.id, ...stored }, 'source'),
      ...targets.map((target) => this.sides.open({ systemId: target.id, ...stored }, 'target')),
    ]);
    const [source, ...sides] = compiledSides(results);
    if (source === undefined) throw new TypeError('a source that compiles has a program');
    return [
      { ...source, name: system.name },
      ...sides.map((side, position) => ({ ...side, name: targets[position]?.name ?? '' })),
    ];
  }

  async #keep(sourceNo: number, administrator: string, { id, fileName, zip }: ValidationFile): Promise<void> {
    await forgetOldValidations(this.pool);
    const sealed = this.#sealer.seal({ zip: zip.toString('base64') }, placeOf(id));
    await storeValidation(this.pool, { sourceNo, administrator }, { id, fileName, sealed });
  }
}

function placeOf(id: string): string {
  return `validation/${id}`;
}

function typesOf(body: ValidateBody): ValidatedEntity['type'][] {
  return [
    ...(body.users === undefined ? [] : ['user' as const]),
    ...(body.groups === undefined ? [] : ['group' as const]),
  ];
}
