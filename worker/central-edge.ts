import { edgeAnswerSchema } from '../connectors/edge/messages.js';
import type { EdgePort } from '../connectors/edge/remote-connector.js';
import { EdgeRouter } from '../connectors/edge/router.js';
import type { TemporalConfig } from '../runtime/config.js';
import { EdgeChannel } from '../runtime/edge/channel.js';
import { EdgeConversation } from '../runtime/edge/conversation.js';
import { edgeKeyFromSeed, publicKeyText } from '../runtime/edge/keys.js';
import type { InstallationKeys } from '../runtime/secrets.js';
import type { SqlPool } from '../state/database.js';
import { findLocation } from '../state/edge/locations.js';

/** The side of the installation: the router for everything that opens connectors. */
export interface CentralEdge {
  readonly router: EdgeRouter;
  /** What edge workers know this installation by, as text. */
  readonly centralKey: string;
  /** Ends the connection to Temporal, if there is one. */
  close(): Promise<void>;
}

/** Opens no connection before the first call that crosses. */
export function createCentralEdge(options: {
  readonly pool: SqlPool;
  readonly keys: InstallationKeys;
  readonly temporal: TemporalConfig;
  readonly workflowQueue?: string | undefined;
}): CentralEdge {
  const { pool, keys, temporal, workflowQueue } = options;
  const channel = new EdgeChannel(temporal, workflowQueue);
  const own = edgeKeyFromSeed(keys.deriveKey('edge'));
  const router = new EdgeRouter({
    keyOf: async (location) => (await findLocation(pool, location))?.publicKey,
    portTo: (location, key) => portOf(new EdgeConversation(channel, location, own, key)),
  });
  return { router, centralKey: publicKeyText(own.publicKey), close: () => channel.close() };
}

/** A conversation with its answers checked. */
export function portOf(conversation: EdgeConversation): EdgePort {
  const { location, centralKey } = conversation;
  return {
    location,
    centralKey,
    call: async (call) => {
      const end = await conversation.call(call);
      return end.kind === 'answered' ? { ...end, answer: edgeAnswerSchema.parse(end.answer) } : end;
    },
  };
}
