import { Inject, Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import type { JsonObject } from '../../core/json.js';
import { changedIds } from '../../core/transform/index.js';
import type { CompileResult, TransformationIssue } from '../../core/transform/program.js';
import { InstallationKeys, Keyring } from '../../runtime/secrets.js';
import {
  compileProgram,
  ensureProgram,
  fingerprintHash,
  hasLinkedEntities,
  loadSecrets,
  loadSystem,
} from '../../state/config/index.js';
import type { Statements } from '../../state/config/index.js';
import { ProblemError } from '../common/problem.js';
import { INSTALLATION_KEYS, KEYRING } from '../infrastructure.js';
import { ConnectorCatalog } from '../system-types/connector-catalog.js';

/** Pointer of the transformation document in the bodies that carry one. */
const DOCUMENT_POINTER = '/transformation';

/** Compiles transformations with the properties of their system and keeps program numbers in step (engine.md §6). */
@Injectable()
export class ProgramService {
  constructor(
    @Inject(ConnectorCatalog) private readonly catalog: ConnectorCatalog,
    @Inject(KEYRING) private readonly keyring: Keyring,
    @Inject(INSTALLATION_KEYS) private readonly keys: InstallationKeys,
  ) {}

  /**
   * Call it after saving a transformation or properties, in the same transaction: compiles what is now stored and raises the program
   * number if the result can differ. Returns the warnings; problem `invalid-transformation` rolls the save back.
   */
  async settle(manager: EntityManager, systemNo: number): Promise<readonly TransformationIssue[]> {
    const result = await this.#compile(manager, systemNo, undefined);
    if (!result.ok) throw invalidTransformation(result.issues);
    await ensureProgram(manager, systemNo, fingerprintHash(result.program, this.keys.deriveKey('fingerprint')));
    return result.warnings;
  }

  /** Compiles a document with the stored properties of a system without saving anything. */
  async check(database: Statements, systemNo: number, document: JsonObject): Promise<readonly TransformationIssue[]> {
    const result = await this.#compile(database, systemNo, document);
    if (!result.ok) return result.issues;
    return [...result.warnings, ...(await this.changedIds(database, systemNo, document))];
  }

  /** VAR-5: ids that would come from something else than the stored transformation says, while there is somebody to be separated by that. */
  async changedIds(
    database: Statements,
    systemNo: number,
    document: JsonObject,
  ): Promise<readonly TransformationIssue[]> {
    const system = await this.#load(database, systemNo);
    if (!(await hasLinkedEntities(database, { no: systemNo, role: system.role }))) return [];
    const before = await this.#compile(database, systemNo, undefined);
    const after = await this.#compile(database, systemNo, document);
    return before.ok && after.ok ? changedIds(before.program, after.program) : [];
  }

  async #load(database: Statements, systemNo: number): Promise<NonNullable<Awaited<ReturnType<typeof loadSystem>>>> {
    const system = await loadSystem(database, systemNo);
    if (system === undefined) throw new RangeError(`there is no system with the number ${systemNo}`);
    return system;
  }

  async #compile(database: Statements, systemNo: number, document: JsonObject | undefined): Promise<CompileResult> {
    const system = await this.#load(database, systemNo);
    const secrets = await loadSecrets(database, this.keyring, systemNo);
    return compileProgram({
      role: system.role,
      transformation: document ?? system.transformation,
      effectiveProperties: this.catalog.effective(system),
      secrets,
    });
  }
}

function invalidTransformation(issues: readonly TransformationIssue[]): ProblemError {
  const errors = issues
    .filter((issue) => issue.severity === 'error')
    .map((issue) => ({ pointer: DOCUMENT_POINTER + issue.pointer, message: issue.message }));
  const [first] = errors;
  return new ProblemError('invalid-transformation', `${first?.pointer ?? ''}: ${first?.message ?? ''}`, { errors });
}
