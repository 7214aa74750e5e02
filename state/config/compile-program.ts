import { compileTransformation } from '../../core/transform/index.js';
import type { JsonObject } from '../../core/json.js';
import type { CompileResult } from '../../core/transform/program.js';
import type { SystemRole } from './entities/system.entity.js';

/** What a program is compiled from. */
export interface ProgramInput {
  readonly role: SystemRole;
  readonly transformation: JsonObject;
  /** Stored properties laid over the defaults of the connector. */
  readonly effectiveProperties: Readonly<Record<string, string>>;
  /** From `loadSecrets`. */
  readonly secrets: Readonly<Record<string, string>>;
}

/**
 * Compiles the transformation of a system exactly as its program number assumes. Saving a configuration and opening a run must give it
 * the same properties: if they differed, every run would find a changed program and sweep everything.
 */
export function compileProgram(input: ProgramInput): CompileResult {
  return compileTransformation(input.transformation, {
    direction: input.role === 'source' ? 'read' : 'write',
    properties: { ...input.effectiveProperties, ...input.secrets },
    secretNames: Object.keys(input.secrets),
  });
}
