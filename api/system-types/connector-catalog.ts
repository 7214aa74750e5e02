import { Inject, Injectable } from '@nestjs/common';
import { validateProperties } from '../../connectors/common-properties.js';
import type { ConnectorFactory } from '../../connectors/contract.js';
import type { ConnectorRegistry } from '../../connectors/registry.js';
import type { SystemRole, SystemSnapshot } from '../../state/config/index.js';
import { jsonPointer } from '../common/problem.js';
import type { ProblemError } from '../common/problem.js';
import { CONNECTORS } from '../infrastructure.js';
import { invalidProperties } from '../systems/property-rules.js';
import type { StoredProperties } from '../systems/property-rules.js';

/** One finding about a property. */
export interface PropertyFinding {
  readonly property: string;
  readonly message: string;
}

/** Stands for a credential where only its being set matters. */
const SET = '*';

/** The connectors of this installation, asked about types, predefined values and the validity of properties. */
@Injectable()
export class ConnectorCatalog {
  constructor(@Inject(CONNECTORS) private readonly registry: ConnectorRegistry) {}

  /** Names of all system types, in alphabetical order. */
  typeNames(): readonly string[] {
    return this.registry.typeNames;
  }

  /** The connector of a type, or undefined. */
  find(typeName: string): ConnectorFactory | undefined {
    return this.registry.find(typeName);
  }

  /** The connector of a stored system. Throws RangeError when this version of the platform lacks it. */
  require(typeName: string): ConnectorFactory {
    const factory = this.registry.find(typeName);
    if (factory === undefined) throw new RangeError(`no connector for the system type ${typeName} is installed`);
    return factory;
  }

  /** Properties that a new system is created with (SYS-6). */
  predefined(factory: ConnectorFactory, role: SystemRole): Record<string, string> {
    const properties = factory.descriptor.properties.filter((property) => property.roles.includes(role));
    return Object.fromEntries(
      properties.flatMap(({ name, predefinedValue }) =>
        predefinedValue === undefined ? [] : [[name, predefinedValue]],
      ),
    );
  }

  /** Stored properties laid over the defaults of the connector. */
  effective(system: Pick<SystemSnapshot, 'typeName' | 'properties'>): Record<string, string> {
    const effective: Record<string, string> = {};
    for (const { name, defaultValue } of this.require(system.typeName).descriptor.properties) {
      if (defaultValue !== undefined) effective[name] = defaultValue;
    }
    return Object.assign(effective, system.properties);
  }

  /** Errors and warnings of a set of properties (PRP-2, PRP-6, PRP-7). */
  check(
    factory: ConnectorFactory,
    role: SystemRole,
    set: StoredProperties,
  ): { readonly errors: readonly PropertyFinding[]; readonly warnings: readonly PropertyFinding[] } {
    const secrets = Object.fromEntries(set.secretNames.map((name) => [name, SET]));
    return validateProperties(factory, { ...set.properties, ...secrets }, role);
  }

  /** The problem `invalid-properties` with a pointer for each wrong property; undefined when all are right. */
  problemOf(factory: ConnectorFactory, role: SystemRole, set: StoredProperties): ProblemError | undefined {
    const { errors } = this.check(factory, role, set);
    if (errors.length === 0) return undefined;
    return invalidProperties(
      errors.map(({ property, message }) => {
        const part = set.secretNames.includes(property) ? 'credentials' : 'properties';
        return { pointer: jsonPointer([part, property]), message };
      }),
    );
  }
}
