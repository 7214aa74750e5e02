/** Results of entities that leave a record for the downloads: failures always, the others where a trace property asks for it. */
export type RecordedResult = 'created' | 'updated' | 'deleted' | 'skipped' | 'failed';

const SWITCHES = ['created', 'updated', 'deleted', 'skipped'] as const;

type Properties = Readonly<Record<string, string>>;

/** True if a trace property is switched on. */
export function isOn(value: string | undefined): boolean {
  return value?.trim() === 'true';
}

/** The property that asks for records of such entities; failures have none, they are recorded always. */
export function recordProperty(result: (typeof SWITCHES)[number]): string {
  return `ips.trace.${result}.entity`;
}

/**
 * Of which results a job keeps records (LOG-6, TRC-1).
 *
 * @param properties of the source, as they were when the job started
 */
export function recordedResults(properties: Properties): ReadonlySet<RecordedResult> {
  return new Set<RecordedResult>(['failed', ...SWITCHES.filter((result) => isOn(properties[recordProperty(result)]))]);
}

/** Results of which the content may be recorded, too (TRC-1). */
export const CONTENT_RESULTS = ['created', 'updated', 'skipped', 'failed'] as const;
/** One of {@link CONTENT_RESULTS}. */
export type ContentResult = (typeof CONTENT_RESULTS)[number];

/** The property that asks for the content of such entities. The platform switches it off when a job has used it (TRC-2). */
export function contentProperty(result: ContentResult): string {
  return `ips.trace.${result}.entity.content`;
}

/** All of them. */
export const CONTENT_PROPERTIES: readonly string[] = CONTENT_RESULTS.map(contentProperty);

/** Lifts the limit of {@link MAX_CONTENT_CHARACTERS}, with its three partners only (TRC-5). */
export const UNLIMITED_PROPERTY = 'ips.trace.entity.content.unlimited';

/** Characters of one content, unless it is unlimited (LIM-4). */
export const MAX_CONTENT_CHARACTERS = 150_000;

/** Whose content a job records. */
export interface ContentTracing {
  readonly results: ReadonlySet<ContentResult>;
  /** Of one content; Infinity: all. */
  readonly maxCharacters: number;
}

/**
 * Whose content a job records; undefined: nobody's.
 *
 * @param properties of the source, as they were when the job started
 * @param switchedOn content properties that the job uses, by name
 */
export function tracedContents(properties: Properties, switchedOn: readonly string[]): ContentTracing | undefined {
  const recorded = recordedResults(properties);
  const results = new Set(
    CONTENT_RESULTS.filter((result) => switchedOn.includes(contentProperty(result)) && recorded.has(result)),
  );
  if (results.size === 0) return undefined;
  const isUnlimited = isOn(properties[UNLIMITED_PROPERTY]) && results.has('skipped') && results.has('failed');
  return { results, maxCharacters: isUnlimited ? Infinity : MAX_CONTENT_CHARACTERS };
}

/** Trace properties that are switched on and have no effect, because their partners are not (TRC-3, TRC-5). */
export function ineffectiveTraces(properties: Properties): { readonly property: string; readonly message: string }[] {
  return PARTNERS.flatMap(({ property, needs }) => {
    const missing = needs.filter((name) => !isOn(properties[name]));
    if (!isOn(properties[property]) || missing.length === 0) return [];
    const message = `${property} has no effect while ${missing.join(', ')} ${missing.length === 1 ? 'is' : 'are'} not true`;
    return [{ property, message }];
  });
}

const PARTNERS: readonly { readonly property: string; readonly needs: readonly string[] }[] = [
  ...(['created', 'updated', 'skipped'] as const).map((result) => ({
    property: contentProperty(result),
    needs: [recordProperty(result)],
  })),
  {
    property: UNLIMITED_PROPERTY,
    needs: [recordProperty('skipped'), contentProperty('skipped'), contentProperty('failed')],
  },
];

/** What the details of a job say of the properties that were switched off at its end (TRC-2). */
export function switchedOffLine(names: readonly string[]): string {
  return `Switched off by the platform after this job: ${names.join(', ')}`;
}
