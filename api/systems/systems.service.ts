import { randomUUID } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import type { ConnectorFactory } from '../../connectors/contract.js';
import {
  createSystem,
  deleteSystem,
  hasOpenJob,
  listSystems,
  listTargetsOfSource,
  loadSystem,
  removeOperationalData,
  saveTransformation,
  setSystemEnabled,
  setTargetPaused,
  updateSystem,
} from '../../state/config/index.js';
import type { SystemFilter, SystemRole } from '../../state/config/index.js';
import { readSafety } from '../../core/sync/read-safety.js';
import { CertificatesService } from '../certificates/certificates.service.js';
import { ProblemError } from '../common/problem.js';
import type { Config } from '../../runtime/config.js';
import { countUndeliverable } from '../../state/notifications/index.js';
import { SqlPool } from '../../state/database.js';
import { CONFIG, DATA_SOURCE, SQL_POOL } from '../infrastructure.js';
import { ConnectorCatalog } from '../system-types/connector-catalog.js';
import { PropertiesService } from './properties.service.js';
import { SystemLookup } from './system-lookup.js';
import { toSafety, toSystemView } from './system-view.js';
import type {
  CreateSystem,
  CreatedSystem,
  DeletedSystem,
  SystemList,
  SystemPage,
  SystemQuery,
  SystemView,
  UpdateSystem,
} from './systems.schemas.js';

/** Systems: their identity, status and connections. */
@Injectable()
export class SystemsService {
  constructor(
    @Inject(DATA_SOURCE) private readonly dataSource: DataSource,
    @Inject(SystemLookup) private readonly systems: SystemLookup,
    @Inject(ConnectorCatalog) private readonly catalog: ConnectorCatalog,
    @Inject(PropertiesService) private readonly properties: PropertiesService,
    @Inject(CONFIG) private readonly config: Config,
    @Inject(SQL_POOL) private readonly pool: SqlPool,
    @Inject(CertificatesService) private readonly certificates: CertificatesService,
  ) {}

  /** A page of systems (SYS-16). */
  async list(query: SystemQuery): Promise<SystemList> {
    const filter: SystemFilter = {
      ...(query.role !== undefined && { role: query.role }),
      ...(query.type !== undefined && { typeName: query.type }),
      ...(query.enabled !== undefined && { enabled: query.enabled }),
      ...(query.search !== undefined && { nameContains: query.search }),
    };
    const { items, total } = await listSystems(this.dataSource, filter, query);
    return { items: items.map(toSystemView), total };
  }

  /** One system. */
  async read(id: string): Promise<SystemView> {
    return toSystemView(await this.systems.require(id));
  }

  /** One system with what stands against unwanted deletions (GOV-10), mails that nobody got (NTF-20), and the end of its certificate (CRT-4). */
  async readPage(id: string): Promise<SystemPage> {
    const system = await this.systems.require(id);
    const page = { ...toSystemView(system), certificateWarning: await this.certificates.warningOf(system) };
    if (system.role !== 'source') return page;
    const { properties } = await this.properties.read(id);
    const undeliverableMails = await countUndeliverable(this.pool, system.no, 'jobs');
    return { ...page, safety: toSafety(readSafety(properties)), undeliverableMails };
  }

  /** Creates an enabled system with the predefined properties and default transformation of its type (SYS-6). */
  async create(body: CreateSystem): Promise<CreatedSystem> {
    const factory = this.#factoryFor(body);
    const document = defaultTransformation(factory, body.role);
    const id = randomUUID();
    await this.dataSource.transaction(async (manager) => {
      const { type: typeName, role, name, description } = body;
      const sources = body.role === 'target' ? { sources: body.sources } : {};
      const limit = this.config.maxSystems[role];
      const no = await createSystem(manager, { id, role, typeName, name, description, limit, ...sources });
      await saveTransformation(manager, no, { document, description: 'Default of the type', modifiedBy: 'system' });
      const system = await loadSystem(manager, no);
      if (system === undefined) throw new RangeError('a system is missing in the transaction that made it');
      const properties = { ...this.catalog.predefined(factory, role), ...body.properties };
      await this.properties.store(manager, system, { properties, credentials: body.credentials });
    });
    const { warnings } = await this.properties.read(id);
    return { ...(await this.read(id)), warnings };
  }

  /** Changes name, description or connected sources. */
  async update(id: string, body: UpdateSystem): Promise<SystemView> {
    const system = await this.systems.require(id);
    if (body.sources !== undefined && system.role !== 'target') {
      throw new ProblemError('invalid-system', 'only a target has sources', {
        errors: [{ pointer: '/sources', message: 'only a target has sources' }],
      });
    }
    await this.dataSource.transaction(async (manager) => {
      await this.systems.lock(manager, system.no);
      await updateSystem(manager, system.no, {
        ...(body.name !== undefined && { name: body.name }),
        ...(body.description !== undefined && { description: body.description }),
        ...(body.sources !== undefined && { sources: body.sources }),
      });
    });
    return this.read(id);
  }

  /** Enables or disables a system (SYS-19). */
  async setEnabled(id: string, enabled: boolean): Promise<SystemView> {
    const system = await this.systems.require(id);
    await this.dataSource.transaction(async (manager) => {
      await this.systems.lock(manager, system.no);
      await setSystemEnabled(manager, system.no, enabled);
    });
    return this.read(id);
  }

  /** Pauses a target for maintenance, or ends its pause; problem `invalid-system` for a source. */
  async setPaused(id: string, paused: boolean): Promise<SystemView> {
    const system = await this.systems.require(id);
    if (system.role !== 'target')
      throw new ProblemError(
        'invalid-system',
        `${system.name} is not a target: disable it, or switch its schedule off`,
      );
    await this.dataSource.transaction((manager) => setTargetPaused(manager, system.no, paused));
    return this.read(id);
  }

  /** Deletes a system and its operational data (RST-9); refused while a job of it runs or waits. */
  async delete(id: string): Promise<DeletedSystem> {
    const system = await this.systems.require(id);
    const targetsWithoutSources = await this.dataSource.transaction(async (manager) => {
      // Requests for jobs lock the same row, so none can come in between.
      await this.systems.lock(manager, system.no);
      if (await hasOpenJob(manager, system.no)) {
        throw new ProblemError('job-running', `a job of ${system.name} runs or waits: stop it first`);
      }
      await removeOperationalData(manager, system.no);
      return deleteSystem(manager, system.no);
    });
    return { targetsWithoutSources };
  }

  /** The targets that a source feeds (SYS-14). */
  async listTargets(id: string): Promise<SystemList> {
    const system = await this.systems.require(id);
    if (system.role !== 'source') throw new ProblemError('invalid-system', `${system.name} is not a source`);
    const items = (await listTargetsOfSource(this.dataSource, system.no)).map(toSystemView);
    return { items, total: items.length };
  }

  #factoryFor(body: CreateSystem): ConnectorFactory {
    const factory = this.catalog.find(body.type);
    if (factory === undefined) {
      const message = `there is no system type of this name; known: ${this.catalog.typeNames().join(', ')}`;
      throw new ProblemError('invalid-system', `/type: ${message}`, { errors: [{ pointer: '/type', message }] });
    }
    if (!factory.descriptor.roles.includes(body.role)) {
      const message = `${body.type} can only be ${factory.descriptor.roles.join(' or ')}`;
      throw new ProblemError('invalid-system', `/role: ${message}`, { errors: [{ pointer: '/role', message }] });
    }
    return factory;
  }
}

function defaultTransformation(factory: ConnectorFactory, role: SystemRole) {
  const { read, write } = factory.descriptor.defaultTransformations;
  const document = role === 'source' ? read : write;
  if (document === undefined)
    throw new RangeError(`${factory.descriptor.typeName} has no default transformation as ${role}`);
  return document;
}
