import { describe, expect, it } from '@jest/globals';
import { isSecretProperty, validateProperties } from '../../connectors/common-properties.js';
import { PLATFORM_PROPERTIES } from '../../connectors/platform-properties.js';
import { createRegistry } from '../../connectors/registry.js';
import { scimSystemFactory as factory } from '../../connectors/scim/scim.factory.js';

const valid = { URL: 'https://scim.example.org', User: 'u', Password: 'x' };

const ALL_TRACES = [
  'ips.trace.created.entity',
  'ips.trace.updated.entity',
  'ips.trace.skipped.entity',
  'ips.trace.deleted.entity',
  'ips.trace.created.entity.content',
  'ips.trace.updated.entity.content',
  'ips.trace.skipped.entity.content',
  'ips.trace.failed.entity.content',
  'ips.trace.entity.content.unlimited',
];

const check = (properties: Record<string, string>, role: 'source' | 'target' = 'source') =>
  validateProperties(factory, { ...valid, ...properties }, role);
const errorsOf = (properties: Record<string, string>, role: 'source' | 'target' = 'source'): string[] =>
  check(properties, role).errors.map(({ property }) => property);
const warningsOf = (properties: Record<string, string>, role: 'source' | 'target' = 'source'): string[] =>
  check(properties, role).warnings.map(({ property }) => property);

describe('validateProperties', () => {
  it.each(['LDAP Server', 'Microsoft Active Directory'])(
    'CONN-CORE-75: %s has no limits of requests, and says so',
    (typeName) => {
      const ldap = createRegistry().find(typeName);
      if (ldap === undefined) throw new Error(typeName);
      const limits = { 'ips.target.requests.concurrent': '3', 'ips.target.requests.per.minute': '60' };
      const { warnings } = validateProperties(ldap, limits, 'target');
      expect(warnings.filter(({ property }) => property in limits)).toEqual([
        {
          property: 'ips.target.requests.concurrent',
          message: `ips.target.requests.concurrent is not a property of ${typeName}`,
        },
        {
          property: 'ips.target.requests.per.minute',
          message: `ips.target.requests.per.minute is not a property of ${typeName}`,
        },
      ]);
    },
  );

  it('finds nothing wrong with a plain system', () => {
    expect(check({})).toEqual({ errors: [], warnings: [] });
    expect(check({}, 'target')).toEqual({ errors: [], warnings: [] });
  });

  it.each([
    ['Type', 'http'],
    ['ProxyType', 'internet'],
    ['Authentication', 'basicauthentication'],
    ['URL', 'scim.example.org'],
    ['URL', 'ftp://scim.example.org'],
    ['URL', 'https://u:p@scim.example.org'],
    ['URL', 'https://scim.example.org/?tenant=1'],
    ['URL', ' '],
    ['TrustAll', 'yes'],
    ['scim.page.size', '0'],
    ['scim.page.size', '100000'],
    ['scim.page.size', '1e2'],
    ['scim.user.filter', 'active is true'],
    ['scim.users.path', 'https://elsewhere/Users'],
    ['scim.users.path', '/../Users'],
    ['ips.delta.read', 'on'],
    ['ips.full.read.force.count', '0'],
    ['ips.failed.request.retry.attempts', '4'],
    ['ips.failed.request.retry.attempts.interval', '61'],
    ['ips.http.header.content-length', '5'],
    ['ips.http.header.x y', '5'],
    ['ips.http.header.x', 'a\r\nb: c'],
    ['ips.tls.ca.certificates', 'not PEM'],
    ['ips.trace.created.entity', 'yes'],
    ['ips.trace.created.entity.content', 'on'],
    ['ips.trace.entity.content.unlimited', 'TRUE'],
  ])('PRP-2, PRP-7, RTY-2, RDM-3: %s=%j is refused', (name, value) => {
    expect(errorsOf({ [name]: value })).toEqual([name]);
  });

  it.each([
    ['scim.user.unique.attribute', 'user name'],
    ['scim.profile', 'no JSON'],
    ['scim.profile', '{"filter":"some"}'],
    ['scim.profile', '{"conflict":{"statuses":[500]}}'],
    ['scim.content.type', 'json'],
    ['scim.api.csrf.protection', 'true'],
    ['scim.patch.group.members.above.threshold', '0'],
    ['scim.max.concurrent.writes', '1000'],
  ])('PRP-7: %s=%j is refused in a target', (name, value) => {
    expect(errorsOf({ [name]: value }, 'target')).toEqual([name]);
  });

  it('PRP-22, PRP-31, ONP-2: a system on premise may name its location, another one must not', () => {
    const onPremise = { ProxyType: 'OnPremise' };
    expect(errorsOf(onPremise)).toEqual([]);
    expect(errorsOf({ ...onPremise, CloudConnectorLocationId: 'L1' })).toEqual([]);
    expect(errorsOf({ ...onPremise, CloudConnectorLocationId: 'L 1' })).toEqual(['CloudConnectorLocationId']);
    expect(errorsOf({ CloudConnectorLocationId: 'L1' })).toEqual(['CloudConnectorLocationId']);
    const header = 'ips.http.header.SAP-Connectivity-SCC-Location_ID';
    expect(errorsOf({ ...onPremise, [header]: 'L1' })).toEqual([]);
    expect(errorsOf({ [header]: 'L1' })).toEqual([header]);
  });

  it('ONP-3, CRT-1: no client certificates on premise, and plain http nowhere else', () => {
    const certificate = { User: '', Password: '', Authentication: 'ClientCertificateAuthentication' };
    expect(errorsOf({ ...certificate, ProxyType: 'OnPremise' })).toEqual(['Authentication']);
    const plain = { URL: 'http://scim.example.org' };
    expect(errorsOf(plain)).toEqual(['URL']);
    expect(errorsOf({ ...plain, ProxyType: 'Internet' })).toEqual(['URL']);
    expect(errorsOf({ ...plain, ProxyType: 'OnPremise' })).toEqual([]);
    expect(warningsOf({ ...plain, ProxyType: 'OnPremise' })).toEqual(['URL']);
    expect(errorsOf({ OAuth2TokenServiceURL: 'http://t.example.org' })).toEqual(['OAuth2TokenServiceURL']);
    expect(errorsOf({ OAuth2TokenServiceURL: 'http://127.0.0.1:1/token' })).toEqual([]);
  });

  it('neutral values of what is not built are accepted without a word', () => {
    const neutral = { ProxyType: 'Internet', 'scim.api.version': '2', 'scim.paging.method': 'index' };
    expect(check(neutral)).toEqual({ errors: [], warnings: [] });
  });

  it('RDM-3: true and false are synonyms of enabled and disabled, in any case', () => {
    for (const value of ['enabled', 'disabled', 'TRUE', 'false'])
      expect(errorsOf({ 'ips.delta.read': value })).toEqual([]);
  });

  it('User is required unless the authentication needs none', () => {
    expect(errorsOf({ User: '' })).toEqual(['User']);
    expect(errorsOf({ User: '', Authentication: 'NoAuthentication' })).toEqual([]);
    expect(errorsOf({ User: '', 'ips.http.header.Authorization': 'Bearer x' })).toEqual([]);
    expect(errorsOf({ User: '', OAuth2TokenServiceURL: 'https://t.example.org' })).toEqual(['User']);
    expect(errorsOf({ Authentication: 'NoAuthentication', OAuth2TokenServiceURL: 'https://t.example.org' })).toEqual([
      'OAuth2TokenServiceURL',
    ]);
  });

  it('CONN-SCIM-04, PRP-23, PRP-26: a certificate goes over https, to the token service with client_id or to the system without', () => {
    const certificate = { User: '', Password: '', Authentication: 'ClientCertificateAuthentication' };
    const token = { OAuth2TokenServiceURL: 'https://t.example.org/token' };
    expect(check(certificate)).toEqual({ errors: [], warnings: [] });
    expect(check({ ...certificate, ...token, client_id: 'c' })).toEqual({ errors: [], warnings: [] });
    expect(errorsOf({ ...certificate, ...token })).toEqual(['client_id']);
    expect(errorsOf({ ...certificate, client_id: 'c' })).toEqual(['client_id']);
    expect(errorsOf({ ...certificate, URL: 'http://scim.example.org' })).toEqual(['URL']);
    const plain = { OAuth2TokenServiceURL: 'http://t.example.org/token', client_id: 'c' };
    expect(errorsOf({ ...certificate, ...plain })).toEqual(['OAuth2TokenServiceURL']);
    expect(errorsOf({ client_id: 'c' })).toEqual(['client_id']);
    expect(warningsOf({ ...certificate, User: 'u', Password: 'x', AuthType: 'Form' })).toEqual([
      'User',
      'Password',
      'AuthType',
    ]);
  });

  it('relations between properties are checked', () => {
    expect(errorsOf({ 'scim.api.csrf.protection': 'enabled' }, 'target')).toEqual(['scim.csrf.token.path']);
    expect(errorsOf({ 'scim.api.csrf.protection': 'enabled', 'csrf.token.path': '/x?count=1' }, 'target')).toEqual([]);
    expect(errorsOf({ 'scim.read.attributes': 'a', 'scim.read.excluded.attributes': 'b' })).toEqual([
      'scim.read.excluded.attributes',
    ]);
  });

  it('PRP-51, PRP-52, PRP-53, PRP-54, PRP-55, PRP-56, PRP-57, PRP-58, PRP-59: trace properties take true and false, are false by default, and belong to sources', () => {
    const named = PLATFORM_PROPERTIES.filter(({ name }) => name.startsWith('ips.trace.'));
    expect(named.map(({ name, kind, defaultValue, roles }) => [name, kind, defaultValue, roles])).toEqual(
      ALL_TRACES.map((name) => [name, 'boolean', 'false', ['source']]),
    );
    const all = Object.fromEntries(ALL_TRACES.map((name) => [name, 'true']));
    expect(check(all)).toEqual({ errors: [], warnings: [] });
    expect(warningsOf(all, 'target').sort()).toEqual([...ALL_TRACES].sort());
  });

  it.each([
    ['created.entity.content', 'ips.trace.created.entity is'],
    ['updated.entity.content', 'ips.trace.updated.entity is'],
    ['skipped.entity.content', 'ips.trace.skipped.entity is'],
    [
      'entity.content.unlimited',
      'ips.trace.skipped.entity, ips.trace.skipped.entity.content, ips.trace.failed.entity.content are',
    ],
  ])('TRC-3, TRC-5: ips.trace.%s alone is accepted, and a warning names both sides', (what, partners) => {
    const property = `ips.trace.${what}`;
    const message = `${property} has no effect while ${partners} not true`;
    expect(check({ [property]: 'true' })).toEqual({ errors: [], warnings: [{ property, message }] });
  });

  it('PRP-6: a known property in a role where it does nothing is warned about', () => {
    expect(warningsOf({ 'scim.user.filter': 'active eq true' }, 'target')).toEqual(['scim.user.filter']);
    expect(warningsOf({ 'ips.delete.threshold.users': '5' }, 'source')).toEqual(['ips.delete.threshold.users']);
  });

  it.each([
    ['scim.user.fliter', 'scim.user.filter'],
    ['ips.delta.raed', 'ips.delta.read'],
    ['Url', 'URL'],
    ['TrustALL', 'TrustAll'],
  ])('CONN-CORE-82: %s is warned about with "did you mean %s"', (name, meant) => {
    const { warnings } = check({ [name]: 'x' });
    expect(warnings).toHaveLength(1);
    expect(warnings[0]?.message).toContain(`did you mean ${meant}?`);
  });

  it('PRP-6: a name that is nobody else’s may be added for transformations', () => {
    expect(warningsOf({ 'company.code': '1000', domain: 'x' })).toEqual([]);
    expect(warningsOf({ 'scim.something.else.entirely': 'x' })).toEqual(['scim.something.else.entirely']);
  });

  it('CONN-CORE-80: letters that only look Latin are reported', () => {
    const name = 'scim.user.filter'.replace('e', '\u0435');
    expect(check({ [name]: 'x' }).warnings[0]?.message).toContain('ASCII');
  });

  it('TrustAll, readable transport and a missing password are warned about', () => {
    expect(warningsOf({ TrustAll: 'true' })).toEqual(['TrustAll']);
    expect(warningsOf({ URL: 'http://scim.example.org', ProxyType: 'OnPremise' })).toEqual(['URL']);
    expect(warningsOf({ URL: 'http://127.0.0.1:8080' })).toEqual([]);
    expect(warningsOf({ Password: '' })).toEqual(['Password']);
  });

  it('CRD-5: credentials are recognised whatever the caller says', () => {
    for (const name of ['Password', 'ips.http.header.AUTHORIZATION', 'ldap.password'])
      expect(isSecretProperty(name)).toBe(true);
    expect(isSecretProperty('User', factory)).toBe(false);
    const { errors, warnings } = check({ Password: 'tell nobody', 'ips.http.header.authorization': 'tell\nnobody' });
    expect(JSON.stringify([errors, warnings])).not.toContain('tell');
  });

  it('CONN-CORE-81: every default and predefined value passes its own check', () => {
    for (const role of ['source', 'target'] as const) {
      for (const { name, defaultValue, predefinedValue, roles } of factory.descriptor.properties) {
        for (const value of [defaultValue, predefinedValue]) {
          if (value !== undefined && roles.includes(role)) expect(errorsOf({ [name]: value }, role)).toEqual([]);
        }
      }
    }
  });
});

describe('registry', () => {
  it('finds a connector by its documented type name only', () => {
    const registry = createRegistry();
    expect(registry.typeNames).toContain('SCIM System');
    expect(registry.find('SCIM System')).toBe(factory);
    expect(registry.find('scim system')).toBeUndefined();
    expect(() => createRegistry([factory, factory])).toThrow(RangeError);
  });

  it('CONN-CORE-10: capabilities follow the properties', () => {
    expect(factory.capabilities({}, 'source')).toMatchObject({
      cursorResume: 'always',
      paging: 'index',
      stableOrder: false,
      readOne: true,
      delta: 'modified-filter',
      updateMode: 'replace',
      requestTimeoutMs: 60_000,
      creationTimeGranularityMs: 1_000,
    });
    const changed = { 'scim.sort.by': 'id', 'scim.support.patch.operation': 'true', 'scim.max.concurrent.writes': '3' };
    expect(factory.capabilities(changed, 'target')).toMatchObject({
      stableOrder: true,
      delta: 'none',
      updateMode: 'patch',
      maxConcurrentWrites: 3,
    });
  });
});
