import type { Capabilities, Connector, ConnectorFactory, NativeEntity, Page } from '../../connectors/contract.js';
import type { EngineProcess, TestEngine } from './engine.js';
import type { JobResult, World } from './world.js';

/** What is wrong with a source, beside what its simulator can do wrong. Change it between jobs. */
export interface Unreliability {
  /** Ids that lists leave out, although the source has them. */
  hidden: readonly string[];
  /** Ids that lists name as failed. */
  unreadable: readonly string[];
  capabilities: Partial<Capabilities>;
  /** Changes a delivered entity. */
  deliver: (entity: NativeEntity) => NativeEntity;
  /** Answers questions for several entities in place of the source. */
  readPresent: NonNullable<Connector['readPresent']> | undefined;
}

/** A worker whose connector to one source is not to be trusted. */
export class UnreliableSource {
  readonly faults: Unreliability;
  private readonly process: EngineProcess;

  constructor(private readonly world: World) {
    this.faults = { hidden: [], unreadable: [], capabilities: {}, deliver: (one) => one, readPresent: undefined };
    this.process = world.engine.newProcess({ decorateFactory: (factory) => this.decorate(factory) });
  }

  async job(
    kind: 'read' | 'resync' | 'readPlan' = 'read',
    request: (engine: TestEngine) => Promise<{ runKey: string; jobId: string }> = (engine) =>
      engine.request(this.world.hr, kind),
  ): Promise<JobResult> {
    const { engine } = this.world;
    const run = await request(engine);
    await engine.workThrough(run.runKey, { ...this.process, owner: run.runKey });
    return this.world.result(run.jobId);
  }

  close(): Promise<void> {
    return this.process.activities.close();
  }

  private decorate(factory: ConnectorFactory): ConnectorFactory {
    return {
      ...factory,
      capabilities: (properties, role) => ({
        ...factory.capabilities(properties, role),
        ...(role === 'source' && this.faults.capabilities),
      }),
      open: (context) => {
        const connector = factory.open(context);
        if (context.config.properties['URL'] !== this.world.source.url) return connector;
        return {
          ...connector,
          readPage: async (request) => this.page(await connector.readPage(request)),
          readPresent: async (...asked) =>
            (await (this.faults.readPresent ?? connector.readPresent)?.(...asked)) ?? null,
        };
      },
    };
  }

  private page(page: Page): Page {
    const { hidden, unreadable, deliver } = this.faults;
    const left = page.items.filter(({ id }) => !hidden.includes(id) && !unreadable.includes(id));
    const failed = page.items.filter(({ id }) => unreadable.includes(id));
    const { total: _total, ...rest } = page;
    return {
      ...rest,
      items: left.map((one) => deliver(one)),
      failures: [...page.failures, ...failed.map(({ id }) => ({ id, message: 'cannot be read' }))],
    };
  }
}
