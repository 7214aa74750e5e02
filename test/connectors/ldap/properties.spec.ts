import { describe, expect, it } from '@jest/globals';
import { validateProperties } from '../../../connectors/common-properties.js';
import { activeDirectoryFactory, ldapServerFactory } from '../../../connectors/ldap/ldap.factory.js';
import { createRegistry } from '../../../connectors/registry.js';

const GOOD = {
  'ldap.url': 'ldap://127.0.0.1:389',
  'ldap.user': 'cn=admin,dc=example',
  'ldap.password': '*',
  'ldap.user.path': 'ou=people,dc=example',
  'ldap.group.path': 'ou=groups,dc=example',
};
const check = (more: Record<string, string>, factory = ldapServerFactory, role: 'source' | 'target' = 'source') => {
  const { errors, warnings } = validateProperties(factory, { ...GOOD, ...more }, role);
  return {
    errors: errors.map(({ property }) => property),
    warnings: warnings.map(({ property }) => property),
    messages: [...errors, ...warnings],
  };
};

describe('CONN-LDAP-02: properties of directories', () => {
  it('both types are registered under their documented names', () => {
    expect(createRegistry().typeNames).toEqual(expect.arrayContaining(['LDAP Server', 'Microsoft Active Directory']));
  });

  it('what a new system starts with is as documented', () => {
    const predefined = (factory: typeof ldapServerFactory) =>
      Object.fromEntries(
        factory.descriptor.properties.flatMap((one) =>
          one.predefinedValue === undefined ? [] : [[one.name, one.predefinedValue]],
        ),
      );
    expect(predefined(ldapServerFactory)).toMatchObject({
      Type: 'LDAP',
      'ldap.proxyType': 'OnPremise',
      'ldap.authentication': 'BasicAuthentication',
      'ldap.user.object.class': 'inetOrgPerson',
      'ldap.group.object.class': 'groupOfNames',
      'ldap.attribute.user.id': 'uid',
      'ldap.attribute.user.surname': 'sn',
    });
    expect(predefined(activeDirectoryFactory)).toMatchObject({
      'ldap.user.object.class': 'user',
      'ldap.group.object.class': 'group',
      'ldap.attribute.user.id': 'cn',
    });
  });

  it('a complete configuration has no findings', () => {
    expect(check({})).toMatchObject({ errors: [], warnings: [] });
  });

  it.each([
    ['ldap.url', 'http://host'],
    ['ldap.url', 'ldap://user:pw@host'],
    ['ldap.url', 'ldap://host/dc=example'],
    ['ldap.url', 'ldap://host, nonsense'],
    ['ldap.user.path', 'people'],
    ['ldap.group.path', 'ou=groups,'],
    ['ldap.user.filter', '(uid=a'],
    ['ldap.group.filter', '(&)'],
    ['ldap.page.size', '0'],
    ['ldap.attribute.user.mail', ' '],
    ['ldap.attribute.user.id', 'a b'],
    ['ldap.tls.mode', 'ldaps'],
    ['ldap.referrals', 'follow'],
    ['ldap.delta.accesslog.path', 'log'],
    ['CloudConnectorLocationId', 'site 1'],
    ['ips.tls.ca.certificates', 'x'],
  ])('%s=%s is refused and named', (name, value) => {
    expect(check({ [name]: value }).errors).toContain(name);
  });

  it.each(['ldap.url', 'ldap.user', 'ldap.password', 'ldap.user.path', 'ldap.group.path'])('%s is required', (name) => {
    expect(check({ [name]: '' }).errors).toContain(name);
  });

  it('CONN-LDAP-12, ONP-3: the password goes readable over the network only with OnPremise, with a warning', () => {
    const remote = { 'ldap.url': 'ldap://directory.example' };
    expect(check(remote)).toMatchObject({ errors: [], warnings: ['ldap.url'] });
    expect(check({ ...remote, 'ldap.proxyType': 'Internet' }).errors).toEqual(['ldap.url']);
    expect(check({ ...remote, 'ldap.proxyType': 'Internet', 'ldap.tls.mode': 'starttls' })).toMatchObject({
      errors: [],
      warnings: [],
    });
    expect(check({ 'ldap.url': 'ldaps://directory.example', 'ldap.proxyType': 'Internet' }).errors).toEqual([]);
  });

  it('what works but deserves a word is a warning', () => {
    expect(check({ 'ldap.group.path': 'OU=People, DC=example' }).warnings).toEqual(['ldap.group.path']);
    expect(check({ 'ldap.page.size': '2000' }).warnings).toEqual(['ldap.page.size']);
    expect(check({ TrustAll: 'true' }).warnings).toEqual(['TrustAll']);
    expect(check({ 'ldap.url': 'ldaps://host:3269' }).warnings).toEqual(['ldap.url']);
    expect(check({ 'ldap.user.filer': 'x' }).messages[0]?.message).toContain('ldap.user.filter');
  });

  it('CONN-AD-10, RDM-6: delta needs uSNChanged in both lists, else every read is full, and the check says why', () => {
    const ad = (more: Record<string, string>) => ({ ...GOOD, 'ldap.user.filter': '(objectCategory=person)', ...more });
    const delta = (properties: Record<string, string>) =>
      activeDirectoryFactory.capabilities(properties, 'source').delta;
    expect(delta(ad({ 'ldap.user.attributes': 'cn,uSNChanged' }))).toBe('none');
    expect(delta(ad({ 'ldap.user.attributes': 'cn,uSNChanged', 'ldap.group.attributes': 'USNCHANGED' }))).toBe('usn');
    const half = ad({ 'ips.delta.read': 'enabled', 'ldap.user.attributes': 'uSNChanged' });
    expect(check(half, activeDirectoryFactory).warnings).toEqual(['ips.delta.read']);
  });

  it('CONN-AD-28: attributes that are made when they are read are not supported in delta reads, which a warning says', () => {
    const both = { 'ldap.user.filter': '(objectCategory=person)', 'ldap.group.attributes': 'uSNChanged' };
    const ad = (more: Record<string, string>) =>
      check({ ...GOOD, ...both, 'ldap.user.attributes': 'uSNChanged,tokenGroups', ...more }, activeDirectoryFactory);
    expect(ad({ 'ips.delta.read': 'enabled' })).toMatchObject({ errors: [], warnings: ['ldap.user.attributes'] });
    expect(ad({ 'ips.delta.read': 'enabled' }).messages[0]?.message).toMatch(/^tokenGroups: .*next full read/);
    expect(ad({ 'ips.delta.read': 'disabled' }).warnings).toEqual([]);
    expect(ad({ 'ips.delta.read': 'enabled', 'ldap.user.attributes': 'uSNChanged' }).warnings).toEqual([]);
  });

  it('CONN-LDAP-41: the default transformations do not use the readable forms of GUID, SID and time', () => {
    for (const { descriptor } of [ldapServerFactory, activeDirectoryFactory])
      expect(JSON.stringify(descriptor.defaultTransformations)).not.toMatch(/;(guid|sid|instant)/);
  });

  it('CONN-LDAP-79, CONN-LDAP-95: names are mapped for creates only; two writes at most at a time', () => {
    for (const factory of [ldapServerFactory, activeDirectoryFactory]) {
      expect(factory.capabilities(GOOD, 'target').maxConcurrentWrites).toBe(2);
      const text = JSON.stringify(factory.descriptor.defaultTransformations.write);
      expect(text).toMatch(/"targetPath":"\$\.(cn|%ldap\.attribute\.user\.id%)","scope":"createEntity"/);
    }
  });

  it('CONN-LDAP-20: the class user holds computers too, which a hint says', () => {
    expect(check({}, activeDirectoryFactory).warnings).toEqual(['ldap.user.filter']);
  });

  it('RDM-4: a generic directory has delta reads only where an attribute or a log is named', () => {
    const capabilities = (more: Record<string, string>) =>
      ldapServerFactory.capabilities({ ...GOOD, ...more }, 'source');
    expect(capabilities({})).toMatchObject({ delta: 'none', cursorResume: 'connection' });
    expect(capabilities({ 'ldap.delta.attribute': 'modifyTimestamp' }).delta).toBe('modified-filter');
    expect(capabilities({ 'ldap.delta.accesslog.path': 'cn=accesslog' }).delta).toBe('change-log');
    expect(
      check({ 'ldap.delta.attribute': 'modifyTimestamp', 'ldap.delta.accesslog.path': 'cn=log' }).errors,
    ).toHaveLength(1);
  });
});
