export { countStates } from './approved.js';
export { countChanges, listChanges, sampleChanges } from './changes.js';
export type { ChangeView, PlanCounts } from './changes.js';
export { decide, listDecisions } from './decide.js';
export type { Decision, DecisionResult, DecisionView } from './decide.js';
export type { ChangeFilter } from './filter.js';
export { listPlans, readPlan } from './plans.js';
export type { PlanView } from './plans.js';
