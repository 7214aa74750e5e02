import type { CheckResult } from '../../../connectors/conformance/index.js';
import { activeDirectoryFactory, ldapServerFactory } from '../../../connectors/ldap/ldap.factory.js';
import { AD_SAMPLES, LDAP_SAMPLES } from '../../../connectors/ldap/samples.js';
import { ldifOf } from '../../../simulators/directories/ldif.js';
import { startSlapd } from '../../../simulators/directories/slapd.js';
import { describeTable } from '../../support/compatibility-table.js';
import { describeConformance } from '../../support/conformance.js';
import { describeSamba, describeSlapd, startTestSamba } from '../../support/directories.js';
import { sambaProperties, slapdProperties } from '../support/ldap.js';

let slapdResults: readonly CheckResult[] = [];
let sambaResults: readonly CheckResult[] = [];

describeSlapd('OpenLDAP', () => {
  slapdResults = describeConformance({
    name: 'slapd',
    factory: ldapServerFactory,
    samples: LDAP_SAMPLES,
    exampleAddress: 'ldap://127.0.0.1',
    hasSecrets: true,
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

describeSlapd('OpenLDAP as it comes: neither deltas nor a placeholder in groups', () => {
  describeConformance({
    name: 'slapd',
    factory: ldapServerFactory,
    samples: LDAP_SAMPLES,
    exampleAddress: 'ldap://127.0.0.1',
    hasSecrets: true,
    without: ['faults', 'delta'],
    start: async () => {
      const slapd = await startSlapd();
      const properties = {
        'ldap.url': slapd.url,
        'ldap.user': slapd.rootDn,
        'ldap.user.path': slapd.peopleDn,
        'ldap.group.path': slapd.groupsDn,
      };
      return { properties, secrets: { 'ldap.password': slapd.rootPassword }, stop: () => slapd.stop() };
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
