import { Inject, Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import type { EditableProfile } from '../../connectors/contract.js';
import type { JsonObject } from '../../core/json.js';
import { isJsonObject } from '../../core/json.js';
import { loadSystem } from '../../state/config/index.js';
import type { SystemSnapshot } from '../../state/config/index.js';
import { notFound, ProblemError } from '../common/problem.js';
import { DATA_SOURCE } from '../infrastructure.js';
import { ConnectorCatalog } from '../system-types/connector-catalog.js';
import type { ProfileView } from './profile.schemas.js';
import { PropertiesService } from './properties.service.js';
import { invalidProperties } from './property-rules.js';

/** What one back end does otherwise than others of its type; stored as a property, so that export, checks and jobs have it. */
@Injectable()
export class ProfileService {
  constructor(
    @Inject(DATA_SOURCE) private readonly dataSource: DataSource,
    @Inject(ConnectorCatalog) private readonly catalog: ConnectorCatalog,
    @Inject(PropertiesService) private readonly properties: PropertiesService,
  ) {}

  /** Differences and what is in force. Problems: `not-found`, `not-offered`. */
  async read(systemId: string): Promise<ProfileView> {
    const { system, profile } = await this.#profileOf(systemId);
    return { differences: differencesOf(system, profile), inForce: profile.inForce(this.catalog.effective(system)) };
  }

  /** Replaces the differences. Problems: as {@link read}, and `invalid-properties` naming each wrong place. */
  async replace(systemId: string, differences: JsonObject): Promise<ProfileView> {
    const { profile } = await this.#profileOf(systemId);
    const problems = profile.problems(differences);
    if (problems.length > 0) throw invalidProperties(problems);
    const value = Object.keys(differences).length === 0 ? null : JSON.stringify(differences);
    await this.properties.change(systemId, { properties: { [profile.property]: value }, credentials: {} });
    return this.read(systemId);
  }

  async #profileOf(systemId: string): Promise<{ system: SystemSnapshot; profile: EditableProfile }> {
    const system = await loadSystem(this.dataSource, systemId);
    if (system === undefined) throw notFound(`system ${systemId}`);
    const { profile } = this.catalog.require(system.typeName);
    if (profile === undefined)
      throw new ProblemError('not-offered', `systems of type ${system.typeName} have no profile`);
    return { system, profile };
  }
}

function differencesOf({ properties }: SystemSnapshot, { property }: EditableProfile): JsonObject {
  const value: unknown = JSON.parse(properties[property] ?? '{}');
  return isJsonObject(value) ? value : {};
}
