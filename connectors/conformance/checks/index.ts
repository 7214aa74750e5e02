import type { Check, CheckArea } from '../check.js';
import { DELTA } from './delta.js';
import { FAULTS } from './faults.js';
import { FILTERS } from './filters.js';
import { GROUPS } from './groups.js';
import { IMAGES } from './images.js';
import { READING } from './reading.js';
import { TOGETHER } from './together.js';
import { WRITING } from './writing.js';

/** All checks, in the order in which they are run: what nothing else works without comes first. */
export const CHECKS: readonly (Check & { readonly area: CheckArea })[] = [
  ...[...READING, ...TOGETHER, ...FILTERS].map((check) => ({ ...check, area: 'reading' as const })),
  ...DELTA.map((check) => ({ ...check, area: 'delta' as const })),
  ...[...WRITING, ...IMAGES].map((check) => ({ ...check, area: 'writing' as const })),
  ...GROUPS.map((check) => ({ ...check, area: 'groups' as const })),
  ...FAULTS.map((check) => ({ ...check, area: 'faults' as const })),
];
