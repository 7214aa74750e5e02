import type { PathReader } from '../path/read-path.js';
import { memberOf } from '../value.js';
import type { Value } from '../value.js';
import { isValidEmail } from './email.js';
import type { Condition, Test } from './condition-model.js';

const GROUP_SCHEMA = 'urn:ietf:params:scim:schemas:extension:sap:2.0:Group';

/** Compiles a conditional function (CND-23 to CND-28). */
export function compileConditionFunction(
  call: Extract<Condition, { kind: 'call' }>,
  read: PathReader | undefined,
  properties: Readonly<Record<string, string>>,
): Test {
  const property = call.property === undefined ? undefined : ownProperty(properties, call.property);
  switch (call.name) {
    case 'isValidEmail':
      return (root, current, budget) => everyValue(read?.(root, current, budget), false, (text) => isValidEmail(text));
    case 'isApplicationSpecificGroup': {
      const applicationId = ownProperty(properties, 'ips.application.id');
      return (root) =>
        applicationId !== undefined && memberOf(memberOf(root, GROUP_SCHEMA), 'applicationId') === applicationId;
    }
    case 'isRegularGroup':
      return (root) => {
        const schema = memberOf(root, GROUP_SCHEMA);
        return memberOf(schema, 'supportedOperations') === undefined || memberOf(schema, 'applicationId') === undefined;
      };
    case 'isAttributeWithOptionalPrefix':
      if (property === undefined) return () => true;
      return (root, current, budget) =>
        everyValue(read?.(root, current, budget), true, (text) => text.startsWith(property));
    case 'isAttributeWithMandatoryPrefix':
      if (property === undefined) return () => false;
      return (root, current, budget) =>
        everyValue(read?.(root, current, budget), false, (text) => text.startsWith(property));
  }
}

/** The value of a property that is set; inherited names are no properties. */
export function ownProperty(properties: Readonly<Record<string, string>>, key: string): string | undefined {
  return Object.hasOwn(properties, key) ? properties[key] : undefined;
}

/** CND-28: every element of a list must satisfy the test. Missing, null and an empty list count as `ifMissing`. */
function everyValue(value: Value | undefined, ifMissing: boolean, test: (text: string) => boolean): boolean {
  if (value === undefined || value === null) return ifMissing;
  if (!Array.isArray(value)) return typeof value === 'string' && test(value);
  if (value.length === 0) return ifMissing;
  return value.every((element) => typeof element === 'string' && test(element));
}
