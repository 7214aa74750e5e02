import { Inject, Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import type { PreviewSide } from '../../core/preview/preview.js';
import { isJsonObject } from '../../core/json.js';
import type { JsonObject } from '../../core/json.js';
import { MASK } from '../../core/transform/index.js';
import type { TransformationIssue } from '../../core/transform/program.js';
import { compileProgram, loadSystem } from '../../state/config/index.js';
import type { SystemRole, SystemSnapshot } from '../../state/config/index.js';
import { jsonPointer, notFound, ProblemError } from '../common/problem.js';
import type { FieldError } from '../common/problem.js';
import { DATA_SOURCE } from '../infrastructure.js';
import { ConnectorCatalog } from '../system-types/connector-catalog.js';
import { isCredentialName } from '../systems/property-rules.js';
import type { PreviewSideBody } from './preview.schemas.js';

/** A side of a preview, ready to be run. */
export interface OpenedSide extends PreviewSide {
  /** Number of the system; undefined where only a transformation was given. */
  readonly systemNo: number | undefined;
  readonly warnings: readonly TransformationIssue[];
}

/** A side, or what is wrong with it. */
export type SideResult =
  { readonly ok: true; readonly side: OpenedSide } | { readonly ok: false; readonly errors: readonly FieldError[] };

/** Compiles what a preview is asked for. */
@Injectable()
export class PreviewSidesService {
  constructor(
    @Inject(DATA_SOURCE) private readonly dataSource: DataSource,
    @Inject(ConnectorCatalog) private readonly catalog: ConnectorCatalog,
  ) {}

  /**
   * Credentials of a system are not even loaded: a mask stands for each, so that no condition of a trial transformation can find out
   * anything about them. Throws the problems `not-found` and `invalid-request`.
   *
   * @param field of the body: `source` or `target`.
   */
  async open(body: PreviewSideBody, field: SystemRole): Promise<SideResult> {
    const system = body.systemId === undefined ? undefined : await this.#system(body.systemId, field);
    const { plain, secrets } = this.#properties(body, system);
    const compiled = compileProgram({
      role: field,
      transformation: isJsonObject(body.transformation) ? body.transformation : (system?.transformation ?? {}),
      effectiveProperties: plain,
      secrets,
    });
    if (!compiled.ok) return { ok: false, errors: errorsOf(compiled.issues, field, body.transformation !== undefined) };
    const { program, warnings } = compiled;
    const side = { program, warnings, secretNames: new Set(Object.keys(secrets)), systemNo: system?.no };
    return { ok: true, side };
  }

  async #system(id: string, field: SystemRole): Promise<SystemSnapshot> {
    const system = await loadSystem(this.dataSource, id);
    if (system === undefined) throw notFound(`system ${id}`);
    if (system.role === field) return system;
    const pointer = jsonPointer([field, 'systemId']);
    const message = `is a ${system.role} system, not a ${field}`;
    throw new ProblemError('invalid-request', `${pointer}: ${message}`, { errors: [{ pointer, message }] });
  }

  #properties(
    body: PreviewSideBody,
    system: SystemSnapshot | undefined,
  ): { readonly plain: Record<string, string>; readonly secrets: Record<string, string> } {
    const plain = new Map(Object.entries(system === undefined ? {} : this.catalog.effective(system)));
    const names = new Set([...(system?.secretNames ?? []), ...Object.keys(body.credentials)]);
    for (const [name, value] of Object.entries(body.properties)) {
      if (this.#isCredential(name, system)) names.add(name);
      else plain.set(name, value);
    }
    for (const name of names) plain.delete(name);
    return {
      plain: Object.fromEntries(plain),
      secrets: Object.fromEntries([...names].map((name) => [name, MASK])),
    };
  }

  /** Without a system it may be one of any type. */
  #isCredential(name: string, system: SystemSnapshot | undefined): boolean {
    const types = system === undefined ? this.catalog.typeNames() : [system.typeName];
    return types.some((type) => isCredentialName(name, this.catalog.require(type)));
  }
}

/** Errors of one answer at most. */
const MAX_ERRORS = 50;

/** The sides, all of which compile. Throws the problem `invalid-transformation` with the errors of all of them. */
export function compiledSides(results: readonly SideResult[]): OpenedSide[] {
  const errors = results.flatMap((result) => (result.ok ? [] : result.errors));
  const [first] = errors;
  if (first !== undefined) {
    const where = 'pointer' in first ? first.pointer : first.parameter;
    throw new ProblemError('invalid-transformation', `${where}: ${first.message}`, {
      errors: errors.slice(0, MAX_ERRORS),
    });
  }
  return results.flatMap((result) => (result.ok ? [result.side] : []));
}

function errorsOf(issues: readonly TransformationIssue[], field: SystemRole, isOwn: boolean): FieldError[] {
  return issues
    .filter((issue) => issue.severity === 'error')
    .map(({ pointer, text, message }) => {
      const said = text === undefined || message.includes(text) ? message : `${message} (${text})`;
      // The stored transformation is no part of the body, so its place goes into the text.
      if (!isOwn) return { pointer: jsonPointer([field, 'systemId']), message: `${pointer}: ${said}` };
      return { pointer: `${jsonPointer([field, 'transformation'])}${pointer}`, message: said };
    });
}

/** A document of a body that passed the schema. */
export function jsonDocument(value: unknown): JsonObject {
  if (isJsonObject(value)) return value;
  throw new TypeError('the schema lets objects pass only');
}
