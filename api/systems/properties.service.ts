import { Inject, Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import type { EntityManager } from 'typeorm';
import type { ConnectorFactory } from '../../connectors/contract.js';
import { Keyring } from '../../runtime/secrets.js';
import { hasLinkedEntities, loadSystem, saveProperties } from '../../state/config/index.js';
import type { SystemSnapshot } from '../../state/config/index.js';
import { jsonPointer, notFound } from '../common/problem.js';
import { DATA_SOURCE, KEYRING } from '../infrastructure.js';
import { ConnectorCatalog } from '../system-types/connector-catalog.js';
import type { PropertyFinding } from '../system-types/connector-catalog.js';
import { ProgramService } from '../transformations/program.service.js';
import { CREDENTIAL_MASK, applyChanges, invalidProperties, planProperties } from './property-rules.js';
import type { WantedProperties } from './property-rules.js';
import { SystemLookup } from './system-lookup.js';
import type { ChangeProperties, PropertiesView, ReplaceProperties } from './systems.schemas.js';

/** Properties and credentials of a system. Clear text of a credential goes in and never comes out (CRD-2). */
@Injectable()
export class PropertiesService {
  constructor(
    @Inject(DATA_SOURCE) private readonly dataSource: DataSource,
    @Inject(KEYRING) private readonly keyring: Keyring,
    @Inject(SystemLookup) private readonly systems: SystemLookup,
    @Inject(ConnectorCatalog) private readonly catalog: ConnectorCatalog,
    @Inject(ProgramService) private readonly programs: ProgramService,
  ) {}

  /** The properties with masks in the place of credentials. */
  async read(systemId: string): Promise<PropertiesView> {
    const system = await this.#snapshot(systemId);
    return toView(system, this.catalog.check(this.catalog.require(system.typeName), system.role, system).warnings);
  }

  /** Replaces the whole set. */
  async replace(systemId: string, body: ReplaceProperties): Promise<PropertiesView> {
    return this.#save(systemId, () => body);
  }

  /** Changes single properties. */
  async change(systemId: string, body: ChangeProperties): Promise<PropertiesView> {
    return this.#save(systemId, (stored, factory) => applyChanges(stored, body, factory));
  }

  /**
   * Checks and stores a set of properties of a system inside the caller's transaction and settles its program number. Problems:
   * `invalid-properties` (422) naming each field, `invalid-transformation` when the transformation cannot use them.
   */
  async store(manager: EntityManager, system: SystemSnapshot, wanted: WantedProperties): Promise<void> {
    const factory = this.catalog.require(system.typeName);
    const set = planProperties(system, wanted, factory);
    const invalid = this.catalog.problemOf(factory, system.role, {
      properties: set.plain,
      secretNames: [...Object.keys(set.secrets), ...set.keptSecretNames],
    });
    if (invalid !== undefined) throw invalid;
    await this.#demandReset(manager, system, set.plain, factory);
    await saveProperties(manager, this.keyring, system, set);
    await this.programs.settle(manager, system.no);
  }

  /** RST-4: while somebody is linked, what the links would not fit any more is refused. */
  async #demandReset(
    manager: EntityManager,
    system: SystemSnapshot,
    properties: Readonly<Record<string, string>>,
    factory: ConnectorFactory,
  ): Promise<void> {
    if (system.role !== 'target') return;
    const findings = factory.needsReset?.(system.properties, properties) ?? [];
    if (findings.length === 0 || !(await hasLinkedEntities(manager, system))) return;
    throw invalidProperties(
      findings.map(({ property, message }) => ({ pointer: jsonPointer(['properties', property]), message })),
    );
  }

  async #save(
    systemId: string,
    want: (stored: SystemSnapshot, factory: ConnectorFactory) => WantedProperties,
  ): Promise<PropertiesView> {
    const { no } = await this.systems.require(systemId);
    await this.dataSource.transaction(async (manager) => {
      await this.systems.lock(manager, no);
      const system = await loadSystem(manager, no);
      if (system === undefined) throw notFound(`system ${systemId}`);
      await this.store(manager, system, want(system, this.catalog.require(system.typeName)));
    });
    return this.read(systemId);
  }

  async #snapshot(systemId: string): Promise<SystemSnapshot> {
    const system = await loadSystem(this.dataSource, systemId);
    if (system === undefined) throw notFound(`system ${systemId}`);
    return system;
  }
}

function toView(system: SystemSnapshot, warnings: readonly PropertyFinding[]): PropertiesView {
  return {
    properties: { ...system.properties },
    credentials: Object.fromEntries(system.secretNames.map((name) => [name, CREDENTIAL_MASK])),
    warnings: [...warnings],
  };
}
