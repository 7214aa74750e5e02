import type { JsonObject } from '../../core/json.js';
import type { ScimDialect } from './dialects.js';
import { COLLECTIONS, ENTERPRISE_SCHEMA, GROUP_SCHEMA, LIST_SCHEMA, USER_SCHEMA } from './scim-model.js';

const SCHEMA_SCHEMA = 'urn:ietf:params:scim:schemas:core:2.0:Schema';

/** Body of a discovery path (RFC 7644 §4), or undefined where there is nothing. */
export function discoveryBody(path: string, dialect: ScimDialect, baseUrl: string): JsonObject | undefined {
  if (path === '/ServiceProviderConfig') return serviceProviderConfig(dialect, baseUrl);
  const [, collection, wanted] = path.split('/', 3);
  const all = collection === 'Schemas' ? schemas(baseUrl) : resourceTypes(baseUrl);
  if (wanted === undefined) return listOf(all);
  return all.find((item) => item['id'] === decodeURIComponent(wanted));
}

function listOf(resources: JsonObject[]): JsonObject {
  return {
    schemas: [LIST_SCHEMA],
    totalResults: resources.length,
    startIndex: 1,
    itemsPerPage: resources.length,
    Resources: resources,
  };
}

function serviceProviderConfig(dialect: ScimDialect, baseUrl: string): JsonObject {
  return {
    schemas: ['urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig'],
    patch: { supported: dialect.patch },
    bulk: {
      supported: dialect.bulkOperations > 0,
      maxOperations: dialect.bulkOperations,
      maxPayloadSize: dialect.bulkOperations > 0 ? 1_048_576 : 0,
    },
    filter: { supported: dialect.filter !== 'none', maxResults: dialect.maxPageEntities },
    changePassword: { supported: false },
    sort: { supported: dialect.sort },
    etag: { supported: dialect.etags !== 'none' },
    // RFC 9865 §4
    pagination: {
      cursor: dialect.paging === 'cursor',
      index: dialect.paging === 'index',
      defaultPaginationMethod: dialect.paging,
      defaultPageSize: dialect.defaultPageEntities,
      maxPageSize: dialect.maxPageEntities,
    },
    authenticationSchemes: [
      { type: 'oauthbearertoken', name: 'OAuth Bearer Token', description: 'OAuth 2.0 bearer token (RFC 6750)' },
      { type: 'httpbasic', name: 'HTTP Basic', description: 'User and password (RFC 7617)' },
    ],
    meta: { resourceType: 'ServiceProviderConfig', location: `${baseUrl}/ServiceProviderConfig` },
  };
}

function resourceTypes(baseUrl: string): JsonObject[] {
  const typeOf = (name: 'User' | 'Group', schema: string, schemaExtensions: JsonObject[]): JsonObject => ({
    schemas: ['urn:ietf:params:scim:schemas:core:2.0:ResourceType'],
    id: name,
    name,
    endpoint: `/${COLLECTIONS[name]}`,
    schema,
    schemaExtensions,
    meta: { resourceType: 'ResourceType', location: `${baseUrl}/ResourceTypes/${name}` },
  });
  return [
    typeOf('User', USER_SCHEMA, [{ schema: ENTERPRISE_SCHEMA, required: false }]),
    typeOf('Group', GROUP_SCHEMA, []),
  ];
}

function schemas(baseUrl: string): JsonObject[] {
  const schemaOf = (id: string, name: string, attributes: JsonObject[]): JsonObject => ({
    schemas: [SCHEMA_SCHEMA],
    id,
    name,
    attributes,
    meta: { resourceType: 'Schema', location: `${baseUrl}/Schemas/${id}` },
  });
  return [
    schemaOf(USER_SCHEMA, 'User', [
      attribute('userName', 'string', { required: true, uniqueness: 'server' }),
      attribute('externalId', 'string', { caseExact: true }),
      attribute('name', 'complex'),
      ...['displayName', 'nickName', 'title', 'userType', 'locale', 'timezone'].map((name) =>
        attribute(name, 'string'),
      ),
      attribute('preferredLanguage', 'string'),
      attribute('active', 'boolean'),
      ...['emails', 'phoneNumbers', 'addresses'].map((name) => attribute(name, 'complex', { multiValued: true })),
    ]),
    schemaOf(GROUP_SCHEMA, 'Group', [
      attribute('displayName', 'string', { required: true, uniqueness: 'server' }),
      attribute('externalId', 'string', { caseExact: true }),
      attribute('members', 'complex', { multiValued: true }),
    ]),
    schemaOf(ENTERPRISE_SCHEMA, 'EnterpriseUser', [
      ...['employeeNumber', 'costCenter', 'organization', 'division', 'department'].map((name) =>
        attribute(name, 'string'),
      ),
      attribute('manager', 'complex'),
    ]),
  ];
}

function attribute(name: string, type: string, differences: JsonObject = {}): JsonObject {
  return {
    name,
    type,
    multiValued: false,
    required: false,
    caseExact: false,
    mutability: 'readWrite',
    returned: 'default',
    uniqueness: 'none',
    ...differences,
  };
}
