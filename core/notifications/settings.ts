import type { NotificationSettings } from './state-machine.js';

/** Properties of a source that say when it is reported on (PRP-60 to PRP-62). */
export const NOTIFICATION_PROPERTIES = {
  repeat: 'ips.job.notification.repeat.on.failure',
  ignored: 'ips.job.notification.ignored.consecutive.failures',
  skipIntermediate: 'ips.job.notification.skip.intermediate.notifications',
} as const;

/** Settings in force; what is absent, or was never a number, counts as the default (NTF-9, NTF-10). */
export function notificationSettings(properties: Readonly<Record<string, string>>): NotificationSettings {
  const valueOf = (name: string): string => (properties[name] ?? '').trim();
  const ignored = valueOf(NOTIFICATION_PROPERTIES.ignored);
  return {
    skipIntermediate: valueOf(NOTIFICATION_PROPERTIES.skipIntermediate) === 'true',
    ignoredFailures: /^\d{1,15}$/.test(ignored) ? Number(ignored) : 0,
    repeatOnFailure: valueOf(NOTIFICATION_PROPERTIES.repeat) === 'true',
  };
}
