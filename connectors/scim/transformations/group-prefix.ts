import type { JsonObject } from '../../../core/json.js';
import type { PropertyDescriptor } from '../../contract.js';

const SAP_GROUP = 'urn:ietf:params:scim:schemas:extension:sap:2.0:Group';
const CUSTOM_GROUP = 'urn:sap:cloud:scim:schemas:extension:custom:2.0:Group';
const DISPLAY_NAME = '$.displayName';
/** The technical name, where a system has one. */
const TECHNICAL_NAME = `$['${CUSTOM_GROUP}'].name`;
const EXTERNAL_NAME = `$['${SAP_GROUP}'].externalName`;
const APPLICATION_ID = 'ips.application.id';

/** The property that holds the prefix of a type (PRP-95). */
function groupPrefixProperty(prefix: string): string {
  return `${prefix}.group.prefix`;
}

/** Its description. */
export function groupPrefixDescriptor(prefix: string): PropertyDescriptor {
  return {
    name: groupPrefixProperty(prefix),
    label: 'Prefix of group names',
    kind: 'text',
    roles: ['source', 'target'],
    description:
      'Source: put before the names of groups. Target: only groups whose name begins with it are written, without it, and only users who are in one of them. In force by the default transformation.',
  };
}

/** Read mapping of users: the names of their groups carry the prefix (PRP-97). Behind the mapping of the whole resource. */
export function prefixedGroupsOfUser(prefix: string): JsonObject[] {
  const names = '$.groups[?(@.display empty false)].display';
  return [{ ...prefixed(prefix, names), preserveArrayWithSingleElement: true }];
}

/**
 * Read mappings of groups (CONN-SCIM-110): the names carry the prefix, and what marks a group as one of an application is set where it is configured.
 * Behind the mapping of the whole resource, which passes everything else through. Without property they do nothing.
 */
export function prefixedGroup(prefix: string): JsonObject[] {
  const marks = `(${isSet(groupPrefixProperty(prefix))} || ${isSet(APPLICATION_ID)})`;
  return [
    {
      constant: [SAP_GROUP],
      targetPath: '$.schemas[0]',
      condition: `${marks} && $.schemas empty false && $.schemas[?(@ == '${SAP_GROUP}')] empty true`,
    },
    {
      sourcePath: DISPLAY_NAME,
      targetPath: EXTERNAL_NAME,
      optional: true,
      condition: `${marks} && ${EXTERNAL_NAME} empty true`,
    },
    {
      constant: `%${APPLICATION_ID}%`,
      targetPath: `$['${SAP_GROUP}'].applicationId`,
      condition: isSet(APPLICATION_ID),
    },
    prefixed(prefix, DISPLAY_NAME),
    prefixed(prefix, TECHNICAL_NAME),
  ];
}

/** CONN-SCIM-111: groups that carry the prefix, and are those of the configured application if they are an application's. */
export function writtenGroups(prefix: string): string {
  const carries = `isAttributeWithOptionalPrefix(${DISPLAY_NAME}, ${groupPrefixProperty(prefix)})`;
  return `${carries} && (isRegularGroup() || isApplicationSpecificGroup())`;
}

/** CONN-SCIM-112: where a prefix is set, users who are in a group that carries it. */
export function writtenUsers(prefix: string): string {
  const property = groupPrefixProperty(prefix);
  return `${isNotSet(property)} || $.groups[?(isAttributeWithMandatoryPrefix(@.display, ${property}))] empty false`;
}

/** Write mappings of groups: the names go without the prefix (PRP-97). Behind the mapping of the whole group. */
export function unprefixedGroup(prefix: string): JsonObject[] {
  return [unprefixedName(prefix), unprefixed(prefix, TECHNICAL_NAME)];
}

/** The same for systems whose groups have no technical name. */
export function unprefixedName(prefix: string): JsonObject {
  return unprefixed(prefix, DISPLAY_NAME);
}

function unprefixed(prefix: string, path: string): JsonObject {
  const regex = `^\\Q%${groupPrefixProperty(prefix)}%\\E`;
  return changed(prefix, path, { type: 'replaceFirstString', regex, replacement: '' });
}

function prefixed(prefix: string, path: string): JsonObject {
  return changed(prefix, path, { type: 'concatString', prefix: `%${groupPrefixProperty(prefix)}%` });
}

/** A name that a function changes where a prefix is set. */
function changed(prefix: string, path: string, by: JsonObject): JsonObject {
  const condition = isSet(groupPrefixProperty(prefix));
  return { sourcePath: path, targetPath: path, optional: true, condition, functions: [by] };
}

function isSet(property: string): string {
  return `'%${property}%' != 'null'`;
}

function isNotSet(property: string): string {
  return `'%${property}%' == 'null'`;
}
