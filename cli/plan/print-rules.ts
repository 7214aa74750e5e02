import { z } from 'zod';
import { safe } from './print-values.js';

const count = z.number();

/** The rules of a source as the API shows them. */
export const remoteRules = z.object({
  version: count,
  rules: z.array(
    z.object({
      name: z.string(),
      verbs: z.array(z.string()),
      atMost: count,
      attributes: z.array(z.string()).optional(),
      facets: z.array(z.string()).optional(),
      targets: z.array(z.string()).optional(),
      types: z.array(z.string()).optional(),
    }),
  ),
  savedBy: z.string().nullable(),
  savedAt: z.string().nullable(),
  inForce: z.boolean(),
});

/** One line for each rule, as it is read aloud. */
export function printRules({ version, rules, savedBy, savedAt, inForce }: z.infer<typeof remoteRules>): string {
  const saved =
    version === 0 ? 'none were ever saved' : `version ${version} of ${savedAt ?? ''} by ${safe(savedBy ?? '')}`;
  const lines = rules.map((rule, index) => `  ${index + 1}. ${safe(rule.name)}: ${told(rule)}`);
  const idle = inForce ? [] : ['The source does not plan first (ips.plan.first): they approve nothing.'];
  return [
    `Approval rules: ${saved}`,
    ...(lines.length === 0 ? ['  nothing is approved without a person'] : lines),
    ...idle,
  ].join('\n');
}

function told(rule: z.infer<typeof remoteRules>['rules'][number]): string {
  const parts = [
    `at most ${number(rule.atMost)} ${rule.verbs.join(' or ')}`,
    ...(rule.types === undefined ? [] : [`of ${rule.types.join(' or ')}`]),
    ...(rule.attributes === undefined ? [] : [`that change only ${rule.attributes.map(safe).join(', ')}`]),
    ...(rule.facets === undefined ? [] : [`in ${rule.facets.map(safe).join(' or ')}`]),
    ...(rule.targets === undefined ? [] : [`in target ${rule.targets.join(' or ')}`]),
  ];
  return parts.join(', ');
}

/** What a dry run of rules came to, as the API shows it. */
export const remoteDryRun = z.object({
  planId: z.string(),
  total: count,
  approved: count,
  byVerb: z.record(z.string(), z.object({ total: count, approved: count })),
  byRule: z.array(z.object({ rule: z.string(), fitting: count, atMost: count, approved: count })),
  stopped: z.array(z.object({ message: z.string(), count })),
});

/** How many would have been approved, by verb and by rule, and what stopped the rest. */
export function printDryRun(run: z.infer<typeof remoteDryRun>): string {
  const verbs = Object.entries(run.byVerb).map(
    ([verb, one]) => `  ${verb}: ${number(one.approved)} of ${number(one.total)}`,
  );
  const rules = run.byRule.map(({ rule, fitting, atMost, approved }) =>
    fitting > atMost
      ? `  rule ${safe(rule)}: nothing, ${number(fitting)} fit and at most ${number(atMost)} may`
      : `  rule ${safe(rule)}: ${number(approved)}`,
  );
  const stopped = run.stopped.map((one) => `  ${number(one.count)} left: ${safe(one.message)}`);
  const head = `Would have approved ${number(run.approved)} of ${number(run.total)} changes of plan ${run.planId}`;
  return [head, ...verbs, ...rules, ...stopped].join('\n');
}

function number(value: number): string {
  return value.toLocaleString('en-US');
}
