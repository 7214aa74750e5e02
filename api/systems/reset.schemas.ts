import { z } from 'zod';

/** Longer than any name. */
const MAX_CONFIRMATION = 200;
const confirmation = z.string().max(MAX_CONFIRMATION);

export const resetSystemBody = z.strictObject({
  confirm: confirmation.describe('The name of the system: what a reset deletes cannot be brought back'),
  keepOrigins: z
    .boolean()
    .default(false)
    .describe(
      'Entities that the platform created count as created again when they are found; otherwise as existing before',
    ),
});
export type ResetSystem = z.infer<typeof resetSystemBody>;

export const resetSettingsBody = z.strictObject({
  confirm: confirmation.describe('The tenant name, see GET /settings: all systems and job logs are deleted'),
});
export type ResetSettings = z.infer<typeof resetSettingsBody>;

export const settingsView = z.object({ tenantName: z.string().describe('The id of this installation') });
export type SettingsView = z.infer<typeof settingsView>;
