/** Property of a source: verbs whose changes two different people have to approve (PLN-8). */
export const SECOND_PERSON_PROPERTY = 'ips.plan.second.person';

/** Verbs that need two people, by the properties of a source. */
export function secondPersonFor(properties: Readonly<Record<string, string>>): string[] {
  return (properties[SECOND_PERSON_PROPERTY] ?? '')
    .split(',')
    .map((verb) => verb.trim())
    .filter((verb) => verb !== '');
}
