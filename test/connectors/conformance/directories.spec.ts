import type { CheckResult } from '../../../connectors/conformance/index.js';
import { activeDirectoryFactory, ldapServerFactory } from '../../../connectors/ldap/ldap.factory.js';
import { AD_SAMPLES, LDAP_SAMPLES } from '../../../connectors/ldap/samples.js';
import { ldifOf } from '../../../simulators/directories/ldif.js';
import { startSlapd } from '../../../simulators/directories/slapd.js';
import { describeTable } from '../../support/compatibility-table.js';
import { describeConformance } from '../../support/conformance.js';
import { describeSamba, describeSlapd, startTestSamba } from '../../support/directories.js';
import { sambaProperties, slapdProperties } from '../support/ldap.js';

const VALUES = { 'no-path-tricks': 'an identifier is a value in a search, no step of a path' };
const BEFORE_THE_BIND = {
  'lost-answer':
    'a silent network is met before the bind, so the create has not left; test/connectors/ldap/hostile.spec.ts cuts the connection behind it',
};

let slapdResults: readonly CheckResult[] = [];
let sambaResults: readonly CheckResult[] = [];

describeSlapd('OpenLDAP', () => {
  slapdResults = describeConformance({
    name: 'slapd',
    factory: ldapServerFactory,
    samples: LDAP_SAMPLES,
    exampleAddress: 'ldap://127.0.0.1',
    hasSecrets: true,
    notApplicable: { ...VALUES, ...BEFORE_THE_BIND },
    properties: {
      'ldap.delta.attribute': 'modifyTimestamp',
      'ldap.dn.escape.mode': 'rfc4514',
      // The class of the groups demands a member.
      'ldap.group.empty.member.dn': 'cn=nobody,dc=example,dc=org',
    },
    start: async () => {
      const slapd = await startSlapd();
      return {
        properties: slapdProperties(slapd),
        secrets: { 'ldap.password': slapd.rootPassword },
        stop: () => slapd.stop(),
      };
    },
  });
});

describeSamba('Samba', () => {
  sambaResults = describeConformance({
    name: 'Samba AD DC',
    factory: activeDirectoryFactory,
    samples: AD_SAMPLES,
    exampleAddress: 'ldap://127.0.0.1',
    hasSecrets: true,
    notApplicable: { ...VALUES, ...BEFORE_THE_BIND },
    properties: {
      // Without encryption a domain controller takes no password; a relay passes on what is encrypted after the connection was made.
      'ldap.tls.mode': 'starttls',
      'ldap.user.attributes': 'uSNChanged',
      'ldap.group.attributes': 'uSNChanged',
      'ldap.dn.escape.mode': 'rfc4514',
    },
    start: async () => {
      const dc = await startTestSamba();
      const unit = (name: string) =>
        [`OU=${name},${dc.baseDn}`, { objectClass: 'organizationalUnit', ou: name }] as const;
      dc.modify(ldifOf(['People', 'Groups'].map(unit)));
      const properties = { ...sambaProperties(dc), 'ldap.url': dc.url };
      return { properties, secrets: { 'ldap.password': dc.password }, stop: () => dc.stop() };
    },
  });
});

describeTable('directories', { 'OpenLDAP slapd 2.5.13': slapdResults, 'Samba 4.17.12 AD DC': sambaResults });
