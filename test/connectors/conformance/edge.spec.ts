import { afterAll } from '@jest/globals';
import type { ConnectorFactory } from '../../../connectors/contract.js';
import { ldapServerFactory } from '../../../connectors/ldap/ldap.factory.js';
import { LDAP_SAMPLES } from '../../../connectors/ldap/samples.js';
import { SCIM_SAMPLES } from '../../../connectors/scim/samples.js';
import { scimSystemFactory } from '../../../connectors/scim/scim.factory.js';
import { startSlapd } from '../../../simulators/directories/slapd.js';
import { startScimSimulator } from '../../../simulators/scim/simulator.js';
import { describeConformance } from '../../support/conformance.js';
import { describeSlapd } from '../../support/directories.js';
import { EdgeStage } from '../../support/edge.js';
import { isLarge } from '../../support/sizes.js';
import { testTemporal } from '../../support/temporal.js';
import { slapdProperties } from '../support/ldap.js';

/* The same checks as without an edge worker: a connector that crosses behaves alike (CONN-CORE-91). Each call is a workflow, which takes its time. */
const temporal = await testTemporal();
const ASKED_ONCE = { 'empty-change': 'the permission to write is asked for before the call, whatever it will send' };

temporal.describe('through an edge worker', () => {
  let stage: EdgeStage | undefined;
  const opened = async (): Promise<EdgeStage> => {
    if (stage === undefined) {
      stage = await EdgeStage.start(temporal.address);
      await stage.edgeWorker();
    }
    return stage;
  };
  /** The stage stands when the first connector is opened. */
  const through = (factory: ConnectorFactory): ConnectorFactory => {
    let crossing: ConnectorFactory | undefined;
    return {
      ...factory,
      open: (context) => {
        if (stage === undefined) throw new Error('the stage does not stand');
        crossing ??= stage.through(factory);
        return crossing.open(context);
      },
    };
  };
  afterAll(() => stage?.stop(), 60_000);

  const describeScim = isLarge ? describeConformance : () => undefined;
  describeScim({
    name: 'a simulated SCIM server',
    factory: through(scimSystemFactory),
    samples: SCIM_SAMPLES,
    exampleAddress: 'http://127.0.0.1',
    hasSecrets: false,
    notApplicable: ASKED_ONCE,
    start: async () => {
      await opened();
      const simulator = await startScimSimulator({});
      return {
        properties: { URL: simulator.url, Authentication: 'NoAuthentication', ProxyType: 'OnPremise' },
        secrets: {},
        stop: () => simulator.stop(),
      };
    },
  });

  describeSlapd('OpenLDAP', () => {
    describeConformance({
      name: 'slapd',
      factory: through(ldapServerFactory),
      samples: LDAP_SAMPLES,
      exampleAddress: 'ldap://127.0.0.1',
      hasSecrets: true,
      notApplicable: {
        ...ASKED_ONCE,
        'no-path-tricks': 'an identifier is a value in a search, no step of a path',
        'lost-answer': 'a silent network is met before the bind, so the create has not left',
      },
      properties: {
        'ldap.delta.attribute': 'modifyTimestamp',
        'ldap.dn.escape.mode': 'rfc4514',
        'ldap.group.empty.member.dn': 'cn=nobody,dc=example,dc=org',
      },
      start: async () => {
        await opened();
        const slapd = await startSlapd();
        return {
          properties: slapdProperties(slapd),
          secrets: { 'ldap.password': slapd.rootPassword },
          stop: () => slapd.stop(),
        };
      },
    });
  });
});
