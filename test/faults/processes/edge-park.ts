import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { edgeKeyToPem, generateEdgeKey, publicKeyText } from '../../../runtime/edge/keys.js';
import type { NodeChild } from '../../../runtime/node-child.js';
import { startEdgeProcess } from '../../system/support/edge-process.js';
import type { ProcessMuster } from './process-muster.js';

/** Edge workers of the location `default`, each a process of its own, that may reach some local ports. */
export class EdgePark {
  private readonly edges = new Set<NodeChild>();

  private constructor(
    private readonly muster: ProcessMuster,
    private readonly folder: string,
  ) {}

  /** Registers their key; from then on systems on premise are reached through them. */
  static async register(muster: ProcessMuster, ports: readonly number[]): Promise<EdgePark> {
    const folder = await mkdtemp(join(tmpdir(), 'muster-edges-'));
    const key = generateEdgeKey();
    await writeFile(join(folder, 'edge.key'), edgeKeyToPem(key));
    const publicKey = publicKeyText(key.publicKey);
    const registered = await muster.client.send('PUT', '/locations/default', { publicKey });
    const { centralKey: central } = registered as { centralKey: string };
    const allow = ports.map((port) => ({ host: '127.0.0.1', port }));
    await writeFile(join(folder, 'edge.json'), JSON.stringify({ central, allow }));
    return new EdgePark(muster, folder);
  }

  async start(): Promise<NodeChild> {
    const { config } = this.muster;
    const edge = await startEdgeProcess({
      temporalAddress: config.temporal.address,
      namespace: config.temporal.namespace,
      configFile: join(this.folder, 'edge.json'),
      folder: this.folder,
      searchPath: config.searchPath,
    });
    this.edges.add(edge);
    return edge;
  }

  /** Another one in the place of one that dies this moment. */
  async replaceKilled(edge: NodeChild): Promise<NodeChild> {
    process.kill(edge.pid, 'SIGKILL');
    await edge.exited;
    this.edges.delete(edge);
    return this.start();
  }

  async stop(): Promise<void> {
    for (const edge of this.edges) await edge.stop();
    await rm(this.folder, { recursive: true, force: true });
  }
}
