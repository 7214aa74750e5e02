import { Inject, Injectable } from '@nestjs/common';
import { notFound } from '../common/problem.js';
import { ConnectorCatalog } from './connector-catalog.js';
import type { SystemType, SystemTypeList } from './system-types.schemas.js';

/** The system types of this installation (CONN-CORE-81). */
@Injectable()
export class SystemTypesService {
  constructor(@Inject(ConnectorCatalog) private readonly catalog: ConnectorCatalog) {}

  /** All types, by name. */
  list(): SystemTypeList {
    return { items: this.catalog.typeNames().map((typeName) => this.read(typeName)) };
  }

  /** One type; problem `not-found`. */
  read(typeName: string): SystemType {
    const descriptor = this.catalog.find(typeName)?.descriptor;
    if (descriptor === undefined) throw notFound(`system type ${typeName}`);
    const { roles, prefix, properties, defaultTransformations } = descriptor;
    return {
      typeName: descriptor.typeName,
      roles: [...roles],
      prefix,
      properties: properties.map(({ roles: of, values, ...property }) => ({
        ...property,
        roles: [...of],
        ...(values !== undefined && { values: [...values] }),
      })),
      defaultTransformations,
    };
  }
}
