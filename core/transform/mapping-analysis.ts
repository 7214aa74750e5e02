import { conditionVariables, valueVariables } from './mapping-model.js';
import type { CompiledMapping } from './mapping-model.js';
import type { WriteOperation } from './program.js';

/** What can be said about the mappings of a type without an entity. */
export interface MappingAnalysis {
  /** Mappings that can have an effect, in document order. */
  readonly effective: readonly CompiledMapping[];
  /** Mappings by operation (SCP-1). */
  readonly executed: Readonly<Record<WriteOperation | 'read', readonly CompiledMapping[]>>;
  /** Those of them that the second hash covers (CHG-4); the same list where it covers all. */
  readonly comparable: Readonly<Record<WriteOperation, readonly CompiledMapping[]>>;
  /** Mappings whose value contains a generated secret or a credential, and those that move it to another attribute. */
  readonly secret: ReadonlySet<CompiledMapping>;
  /** Mappings that lead to the variable `entityIdSourceSystem`. */
  readonly toSourceId: readonly CompiledMapping[];
  readonly setsTargetId: boolean;
  readonly usesCurrentDate: boolean;
}

/** Analyses the mappings of one entity type. */
export function analyse({ mappings }: { readonly mappings: readonly CompiledMapping[] }): MappingAnalysis {
  const effective = mappings.filter(hasEffect);
  const secret = withRenames(
    effective,
    reachedBy(
      effective,
      (mapping) => mapping.usesCredential || mapping.functions.some((fn) => fn.definition.generatesSecret === true),
      [],
    ),
  );
  const dated = reachedBy(effective, () => false, ['currentDate']);
  const executed = {
    read: effective,
    create: effective.filter((mapping) => mapping.scope === undefined || mapping.scope === 'createEntity'),
    update: effective.filter((mapping) => mapping.scope === undefined),
    delete: effective.filter((mapping) => mapping.scope === 'deleteEntity'),
  };
  const isExcluded = (mapping: CompiledMapping): boolean =>
    mapping.scope === 'createEntity' || secret.has(mapping) || dated.has(mapping);
  const comparable = (list: readonly CompiledMapping[]): readonly CompiledMapping[] =>
    list.some(isExcluded) ? list.filter((mapping) => !isExcluded(mapping)) : list;
  return {
    effective,
    executed,
    comparable: {
      create: comparable(executed.create),
      update: comparable(executed.update),
      delete: comparable(executed.delete),
    },
    secret,
    toSourceId: leadingTo(effective, 'entityIdSourceSystem'),
    setsTargetId: effective.some((mapping) => mapping.targetVariable === 'entityIdTargetSystem'),
    usesCurrentDate: effective.some((mapping) =>
      [...valueVariables(mapping), ...conditionVariables(mapping)].includes('currentDate'),
    ),
  };
}

/** EXP-25: without origin, default and a function that needs neither, a mapping does nothing; scope `patchEntity` never runs here. */
function hasEffect(mapping: CompiledMapping): boolean {
  if (mapping.scope === 'patchEntity') return false;
  if (mapping.edit !== undefined || mapping.origin !== undefined || mapping.defaultValue !== undefined) return true;
  return mapping.functions.some((fn) => fn.definition.runsOnMissing === true);
}

/** Mappings whose value comes from certain mappings or variables, also by way of variables that such mappings write. */
export function reachedBy(
  mappings: readonly CompiledMapping[],
  isSource: (mapping: CompiledMapping) => boolean,
  names: readonly string[],
): ReadonlySet<CompiledMapping> {
  const reached = new Set<CompiledMapping>();
  const variables = new Set(names);
  // Variables are written before they are read, and a mapping may overwrite what it read: document order is enough.
  for (const mapping of mappings) {
    if (!isSource(mapping) && !valueVariables(mapping).some((name) => variables.has(name))) continue;
    reached.add(mapping);
    if (mapping.targetVariable !== undefined) variables.add(mapping.targetVariable);
  }
  return reached;
}

/** Adds the mappings that give an attribute with a secret another name: the secret is found under that name then. */
function withRenames(
  mappings: readonly CompiledMapping[],
  secret: ReadonlySet<CompiledMapping>,
): ReadonlySet<CompiledMapping> {
  if (secret.size === 0) return secret;
  const all = new Set(secret);
  const attributes = new Set<string | undefined>();
  for (const mapping of mappings) {
    if (mapping.newName !== undefined && holdsSecret(attributes, mapping.targetAttribute)) {
      all.add(mapping);
      attributes.add(mapping.newName);
    } else if (secret.has(mapping) && mapping.write !== undefined) attributes.add(mapping.targetAttribute);
  }
  return all;
}

/** Undefined stands for the whole document, on both sides. */
function holdsSecret(attributes: ReadonlySet<string | undefined>, attribute: string | undefined): boolean {
  return attributes.size > 0 && (attribute === undefined || attributes.has(attribute) || attributes.has(undefined));
}

/** Mappings that write a variable, and those that write what these read. */
export function leadingTo(mappings: readonly CompiledMapping[], name: string): readonly CompiledMapping[] {
  const wanted = new Set([name]);
  const leading = new Set<CompiledMapping>();
  for (const mapping of [...mappings].reverse()) {
    if (mapping.targetVariable === undefined || !wanted.has(mapping.targetVariable)) continue;
    leading.add(mapping);
    for (const variable of [...valueVariables(mapping), ...conditionVariables(mapping)]) wanted.add(variable);
  }
  return mappings.filter((mapping) => leading.has(mapping));
}
