import type { ConnectorFactory } from '../../contract.js';
import { scimFactory } from '../scim.factory.js';
import { UAA, XSUAA } from './profiles.js';
import { UAA_SAMPLES } from './samples.js';
import { uaaReadTransformation, uaaWriteTransformation } from './transformations.js';

/** The open-source server. */
export const uaaFactory: ConnectorFactory = scimFactory('Cloud Foundry UAA Server', 'uaa', UAA, {
  defaultTransformations: { read: uaaReadTransformation('uaa'), write: uaaWriteTransformation('uaa', '%uaa.origin%') },
  samples: UAA_SAMPLES,
});

/** The service of BTP. */
export const xsuaaFactory: ConnectorFactory = scimFactory('SAP BTP XS Advanced UAA (Cloud Foundry)', 'xsuaa', XSUAA, {
  defaultTransformations: {
    read: uaaReadTransformation('xsuaa'),
    write: uaaWriteTransformation('xsuaa', '%xsuaa.origin%[]'),
  },
  samples: UAA_SAMPLES,
});
