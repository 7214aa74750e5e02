import { z } from 'zod';
import { isLocation, LOCATION_RULE } from '../../core/edge/location.js';
import { isPublicKey, PUBLIC_KEY_RULE } from '../../runtime/edge/keys.js';
import { instant } from '../common/paging.schemas.js';

export const locationParameter = z
  .string()
  .refine(isLocation, { error: LOCATION_RULE })
  .describe('`default`, or what CloudConnectorLocationId of its systems says');

const publicKey = z
  .string()
  .max(100)
  .describe('Public key of the edge workers of the location, as `muster edge key` shows it');

export const locationBody = z.strictObject({ publicKey: publicKey.refine(isPublicKey, { error: PUBLIC_KEY_RULE }) });
export type LocationBody = z.infer<typeof locationBody>;

const centralKey = z
  .string()
  .describe('Public key of this installation, for `central` in the configuration of edge workers');

const location = z.object({ id: z.string(), publicKey, createdBy: z.string(), createdAt: instant });

export const locationView = z.object({ ...location.shape, centralKey });
export type LocationView = z.infer<typeof locationView>;

export const locationList = z.object({ items: z.array(location), centralKey });
export type LocationList = z.infer<typeof locationList>;
