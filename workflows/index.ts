// Each name here is a workflow type that stands in histories: add, never rename.
export { applyPlanWorkflow } from './apply-plan.workflow.js';
export { readJobWorkflow } from './read-job.workflow.js';
export { resyncJobWorkflow } from './resync-job.workflow.js';
export { simulateJobWorkflow } from './simulate-job.workflow.js';
export { scheduledReadWorkflow } from './scheduled-read.workflow.js';
export { healWorkflow } from './heal.workflow.js';
export { edgeCallWorkflow } from './edge-call.workflow.js';
