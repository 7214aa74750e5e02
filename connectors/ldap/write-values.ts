import { isJsonObject, type JsonObject, type JsonValue } from '../../core/json.js';
import { connectorError, type Operation } from './ldap-error.js';
import { DN_ATTRIBUTE, type LdapSettings, type LdapType } from './ldap-settings.js';

/** Values of one attribute to be written. */
export interface WrittenAttribute {
  readonly name: string;
  /** Empty = the attribute shall not be there. */
  readonly values: readonly (string | Buffer)[];
}

/** A member as a body names it. */
export interface WantedMember {
  readonly value: string;
  /** Undefined where the body does not tell. */
  readonly type: LdapType | undefined;
}

/** A body taken apart. */
export interface WrittenBody {
  /** By lower-case name. */
  readonly attributes: ReadonlyMap<string, WrittenAttribute>;
  /** Undefined when the body says nothing of members: then they are not ours to write. */
  readonly members: readonly WantedMember[] | undefined;
  /** A complete DN that the transformation has made. */
  readonly dn: string | undefined;
}

const BINARY_WRITES =
  /^(thumbnailphoto|jpegphoto|usercertificate|usersmimecertificate|ms-ds-consistencyguid|logonhours)(;binary)?$/;

/**
 * Takes a target body apart. Every value may stand alone or in a list; numbers and booleans become the text that LDAP has for them. Throws
 * `invalid` for what no attribute can hold.
 */
export function writtenBody(
  settings: LdapSettings,
  type: LdapType,
  body: JsonObject,
  operation: Operation,
): WrittenBody {
  const attributes = new Map<string, WrittenAttribute>();
  let members: WantedMember[] | undefined;
  let dn: string | undefined;
  for (const [name, value] of Object.entries(body)) {
    const key = name.toLowerCase();
    // Read-only everywhere (CONN-LDAP-83), or made by the connector (CONN-LDAP-62).
    if (key === settings.memberOfAttribute.toLowerCase() || key === 'objectclass') continue;
    if (name.includes(';') && !key.endsWith(';binary')) continue;
    if (key === DN_ATTRIBUTE.toLowerCase()) {
      const [first] = listOf(value);
      dn = typeof first === 'string' && first !== '' ? first : undefined;
    } else if (type === 'group' && key === settings.memberAttribute.toLowerCase()) {
      members = membersOf(value, name, operation);
    } else {
      if (!/^(?:[A-Za-z][A-Za-z0-9-]*|\d+(?:\.\d+)+)(?:;[A-Za-z0-9-]+)*$/.test(name))
        throw connectorError('invalid', operation, 'the body holds a name that no attribute can have');
      attributes.set(key, { name, values: valuesOf(name, value, operation) });
    }
  }
  return { attributes, members, dn };
}

function valuesOf(name: string, value: JsonValue, operation: Operation): (string | Buffer)[] {
  const values = listOf(value).flatMap((one): (string | Buffer)[] => {
    if (one === null || one === '') return [];
    if (typeof one === 'string') return [BINARY_WRITES.test(name.toLowerCase()) ? Buffer.from(one, 'base64') : one];
    if (typeof one === 'number') return [String(one)];
    if (typeof one === 'boolean') return [one ? 'TRUE' : 'FALSE'];
    throw connectorError('invalid', operation, `${name} is an object; a directory holds only texts`);
  });
  // A set: servers refuse a value that comes twice.
  return [...new Map(values.map((one) => [typeof one === 'string' ? one : one.toString('base64'), one])).values()];
}

function membersOf(value: JsonValue, name: string, operation: Operation): WantedMember[] {
  return listOf(value).flatMap((member): WantedMember[] => {
    const id = isJsonObject(member) ? member['value'] : member;
    if (id === null || id === undefined || id === '') return [];
    if (typeof id !== 'string') throw connectorError('invalid', operation, `${name} holds a member without identifier`);
    const type = isJsonObject(member) ? member['type'] : undefined;
    return [{ value: id, type: type === 'Group' ? 'group' : type === 'User' ? 'user' : undefined }];
  });
}

function listOf(value: JsonValue): readonly JsonValue[] {
  return Array.isArray(value) ? value : [value];
}
