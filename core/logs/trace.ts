/** Results of entities that leave a record for the downloads: failures always, the others where a trace property asks for it. */
export type RecordedResult = 'created' | 'updated' | 'deleted' | 'skipped' | 'failed';

const SWITCHES = ['created', 'updated', 'deleted', 'skipped'] as const;

/**
 * Of which results a job keeps records (LOG-6, TRC-1).
 *
 * @param properties of the source, as they were when the job started
 */
export function recordedResults(properties: Readonly<Record<string, string>>): ReadonlySet<RecordedResult> {
  const isOn = (name: string): boolean => properties[`ips.trace.${name}`]?.trim() === 'true';
  return new Set<RecordedResult>(['failed', ...SWITCHES.filter((result) => isOn(`${result}.entity`))]);
}
