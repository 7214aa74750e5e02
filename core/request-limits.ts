/** What all processes together may send to a target (CONN-CORE-75). */
export interface RequestLimits {
  /** Requests in flight. */
  readonly concurrent?: number;
  readonly perMinute?: number;
}

/** Names of the properties of {@link RequestLimits}. */
export const LIMIT_PROPERTIES = {
  concurrent: 'ips.target.requests.concurrent',
  perMinute: 'ips.target.requests.per.minute',
} as const;

/** Limits of a target; undefined when it has none, which is the usual case and costs nothing. */
export function requestLimits(properties: Readonly<Record<string, string>>): RequestLimits | undefined {
  const concurrent = limitOf(properties, LIMIT_PROPERTIES.concurrent);
  const perMinute = limitOf(properties, LIMIT_PROPERTIES.perMinute);
  if (concurrent === undefined && perMinute === undefined) return undefined;
  return { ...(concurrent !== undefined && { concurrent }), ...(perMinute !== undefined && { perMinute }) };
}

function limitOf(properties: Readonly<Record<string, string>>, name: string): number | undefined {
  const text = properties[name]?.trim();
  if (text === undefined || !/^\d{1,9}$/.test(text)) return undefined;
  const value = Number(text);
  return value >= 1 ? value : undefined;
}
