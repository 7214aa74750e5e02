import { randomUUID } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { NativeConnection, Worker } from '@temporalio/worker';
import type { Connector, ConnectorContext, ConnectorFactory } from '../../connectors/contract.js';
import { openRemoteConnector } from '../../connectors/edge/remote-connector.js';
import type { EdgePort } from '../../connectors/edge/remote-connector.js';
import { EDGE_WINDOW_MS } from '../../core/edge/timing.js';
import { loadConfig } from '../../runtime/config.js';
import type { Config } from '../../runtime/config.js';
import { EdgeChannel } from '../../runtime/edge/channel.js';
import { EdgeConversation } from '../../runtime/edge/conversation.js';
import { edgeKeyFromPem, edgeKeyToPem, generateEdgeKey, publicKeyText } from '../../runtime/edge/keys.js';
import type { EdgeKeyPair } from '../../runtime/edge/keys.js';
import { createLogger } from '../../runtime/logger.js';
import { loadWorkflowBundle } from '../../worker/build-bundle.js';
import { portOf } from '../../worker/central-edge.js';
import { startEdgeWorker } from '../../worker/edge/main.js';
import type { EdgeOverrides } from '../../worker/edge/main.js';
import { installRuntime } from '../../worker/install-runtime.js';
import type { WorkerGroup } from '../../worker/shutdown.js';
import type { AllowedPlace } from '../../connectors/edge/allow-list.js';

const silent = createLogger({ logLevel: 'silent' }, {});
const everywhere = (): void => undefined;

/** A worker of the installation that runs the workflows of calls, edge workers, and the way from one to the others. */
export class EdgeStage {
  readonly tenant = `edge-${randomUUID().slice(0, 8)}`;
  readonly central = generateEdgeKey();
  readonly location = 'plant';
  private readonly stops: (() => Promise<unknown>)[] = [];
  private channels: EdgeChannel[] = [];

  private constructor(
    readonly temporalAddress: string,
    readonly folder: string,
    private readonly key: EdgeKeyPair,
  ) {}

  static async start(temporalAddress: string): Promise<EdgeStage> {
    installRuntime();
    const folder = await mkdtemp(join(tmpdir(), 'muster-edge-'));
    const key = generateEdgeKey();
    await writeFile(join(folder, 'edge.key'), edgeKeyToPem(key));
    const stage = new EdgeStage(temporalAddress, folder, key);
    const connection = await NativeConnection.connect({ address: temporalAddress });
    const worker = await Worker.create({
      connection,
      taskQueue: stage.workflowQueue,
      workflowBundle: await loadWorkflowBundle(),
      shutdownForceTime: '5s',
    });
    const running = worker.run();
    stage.stops.push(async () => {
      worker.shutdown();
      await running;
      await connection.close();
    });
    return stage;
  }

  get workflowQueue(): string {
    return `${this.tenant}.workflows`;
  }

  /** The configuration of an edge worker of this stage. */
  async config(allow: readonly AllowedPlace[] = [], temporalAddress = this.temporalAddress): Promise<Config> {
    const file = join(this.folder, `edge-${randomUUID()}.json`);
    const { tenant, location, central } = this;
    await writeFile(file, JSON.stringify({ tenant, location, central: publicKeyText(central.publicKey), allow }));
    return loadConfig({ TEMPORAL_ADDRESS: temporalAddress, MUSTER_EDGE_CONFIG: file, MUSTER_LOG_LEVEL: 'silent' });
  }

  /** An edge worker in this process; it may reach everything, unless `allow` says what. */
  async edgeWorker({
    allow,
    ...overrides
  }: EdgeOverrides & { readonly allow?: readonly AllowedPlace[] } = {}): Promise<WorkerGroup> {
    const guard = allow === undefined ? { guard: everywhere } : {};
    const worker = await startEdgeWorker(await this.config(allow), { log: silent, ...guard, ...overrides });
    this.stops.unshift(() => worker.stop().catch(() => undefined));
    return worker;
  }

  /** The way to the edge workers, as one connector goes it. */
  port(central: EdgeKeyPair = this.central, key: EdgeKeyPair = this.key): EdgePort {
    const channel = new EdgeChannel(
      loadConfig({ TEMPORAL_ADDRESS: this.temporalAddress }).temporal,
      this.workflowQueue,
    );
    this.channels.push(channel);
    return portOf(new EdgeConversation(channel, this.location, central, key.publicKey));
  }

  /** The public key of the location. */
  async publicKey(): Promise<Buffer> {
    return edgeKeyFromPem(await readFile(join(this.folder, 'edge.key'), 'utf8')).publicKey;
  }

  open(factory: ConnectorFactory, context: ConnectorContext, port = this.port()): Connector {
    const { properties } = context.config;
    const { requestTimeoutMs, cursorResume } = factory.capabilities(properties, 'source');
    return openRemoteConnector({
      factory,
      context,
      port,
      requestTimeoutMs: context.limits?.requestTimeoutMs ?? requestTimeoutMs,
      isReadBound: cursorResume === 'connection',
    });
  }

  /** A system type that is spoken to through the edge workers. */
  through(factory: ConnectorFactory): ConnectorFactory {
    const port = this.port();
    return {
      ...factory,
      capabilities: (properties, role) => {
        const own = factory.capabilities(properties, role);
        return { ...own, requestTimeoutMs: own.requestTimeoutMs + EDGE_WINDOW_MS };
      },
      open: (context) => this.open(factory, context, port),
    };
  }

  async stop(): Promise<void> {
    for (const channel of this.channels) await channel.close();
    for (const stop of this.stops) await stop();
    await rm(this.folder, { recursive: true, force: true });
  }
}
