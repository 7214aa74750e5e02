import type { EntityType } from '../../core/entity-type.js';
import type { TypeProgram } from '../../core/transform/program.js';
import { valueAt, withoutAttribute } from '../../core/write-back.js';
import type { SourceValue } from '../../state/intake/source-values.js';
import type { Hasher } from '../support/hashing.js';
import type { RunContext } from '../support/run-context.js';
import type { KeyedEntity } from './map-page.js';

/**
 * What an entity has where targets of the run write something back (ORD-12), and what it would be without; nothing in the usual case, which has
 * no such target.
 */
export function valuesFor(
  { context, hasher }: { readonly context: RunContext; readonly hasher: Hasher },
  type: EntityType,
  program: TypeProgram,
  { entity, from, to }: { readonly entity: KeyedEntity } & Pick<SourceValue, 'from' | 'to'>,
): SourceValue[] {
  if (type !== 'user') return [];
  return context.targets.flatMap(({ snapshot, writeBack }) => {
    if (writeBack === undefined) return [];
    const value = valueAt(entity.body, writeBack.source);
    const bare = program.read(withoutAttribute(entity.body, writeBack.source), context.evaluation);
    const bareHash = bare.kind === 'mapped' ? hasher.canonical(bare.common) : null;
    return [{ targetNo: snapshot.no, hash: value === null ? null : hasher.canonical(value), bareHash, from, to }];
  });
}
