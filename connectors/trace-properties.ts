import type { PropertyDescriptor } from './contract.js';

/** What a source wants to be recorded of its jobs (PRP-51 to PRP-59, TRC-1). */
export const TRACE_PROPERTIES: readonly PropertyDescriptor[] = [
  ...['created.entity', 'updated.entity', 'skipped.entity', 'deleted.entity'].map((what) =>
    traceSwitch(what, 'Logs these entities of the next job.'),
  ),
  ...['created.entity.content', 'updated.entity.content', 'skipped.entity.content'].map((what) =>
    traceSwitch(
      what,
      `What these entities of the next job contain is logged, with ips.trace.${what.replace('.content', '')} only; switched off after the job.`,
    ),
  ),
  traceSwitch(
    'failed.entity.content',
    'What entities contain that fail in the next job is logged; switched off after the job.',
  ),
  traceSwitch(
    'entity.content.unlimited',
    'Contents are not cut after 150,000 characters; with ips.trace.skipped.entity, ips.trace.skipped.entity.content and ips.trace.failed.entity.content only.',
  ),
];

function traceSwitch(what: string, description: string): PropertyDescriptor {
  const name = `ips.trace.${what}`;
  const label = `Trace: ${what.replaceAll('.', ' ')}`;
  return { name, label, kind: 'boolean', roles: ['source'], defaultValue: 'false', description };
}
