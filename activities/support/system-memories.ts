import { createHash } from 'node:crypto';
import type { ConnectorMemory } from '../../connectors/contract.js';
import { canonicalJson } from '../../core/canonical-json.js';

/** A configuration as its connector sees it. */
export interface SystemSettings {
  readonly properties: Readonly<Record<string, string>>;
  readonly secrets: Readonly<Record<string, string>>;
}

/**
 * What connectors have learned of systems, from one job to the next, while this process runs (`ConnectorContext.memory`). Any change of
 * properties or secrets begins anew: another address, user or path is another system. One small entry for each system.
 */
export class SystemMemories {
  private readonly known = new Map<number, { readonly settings: string; readonly memory: ConnectorMemory }>();

  /** @param systemNo internal number of the system. */
  of(systemNo: number, { properties, secrets }: SystemSettings): ConnectorMemory {
    const settings = createHash('sha256').update(canonicalJson({ properties, secrets })).digest('base64');
    const known = this.known.get(systemNo);
    if (known?.settings === settings) return known.memory;
    const memory: ConnectorMemory = new Map();
    this.known.set(systemNo, { settings, memory });
    return memory;
  }
}
