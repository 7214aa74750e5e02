import { LOCATION_PROPERTY } from '../core/edge/location.js';
import type { PropertyDescriptor } from './contract.js';
import { CA_PROPERTY } from './http/http-settings.js';
import { LIMITS } from './reliability-properties.js';

const BOTH: PropertyDescriptor['roles'] = ['source', 'target'];

/** Which private network a system stands in (PRP-31, ONP-2). */
export const LOCATION: PropertyDescriptor = {
  name: LOCATION_PROPERTY,
  label: 'Location',
  kind: 'text',
  roles: BOTH,
  description: 'With OnPremise: the location whose edge workers reach the system; absent: default.',
};

/** Connection properties of systems that speak HTTP (PRP-20 to PRP-32). */
export const HTTP_PROPERTIES: readonly PropertyDescriptor[] = [
  {
    name: 'Type',
    label: 'Protocol',
    kind: 'enum',
    roles: BOTH,
    values: ['HTTP'],
    defaultValue: 'HTTP',
    predefinedValue: 'HTTP',
    description: 'Protocol of the system.',
  },
  {
    name: 'URL',
    label: 'URL',
    kind: 'url',
    roles: BOTH,
    required: true,
    description: 'Base address, for example https://host:port/path. No query, no user name.',
  },
  {
    name: 'ProxyType',
    label: 'Network',
    kind: 'enum',
    roles: BOTH,
    values: ['Internet', 'OnPremise'],
    defaultValue: 'Internet',
    predefinedValue: 'Internet',
    description:
      'Internet: direct connection. OnPremise: through the edge workers of its location; directly while nobody is registered for the default location.',
  },
  LOCATION,
  {
    name: 'Authentication',
    label: 'Authentication',
    kind: 'enum',
    roles: BOTH,
    values: ['NoAuthentication', 'BasicAuthentication', 'ClientCertificateAuthentication'],
    defaultValue: 'BasicAuthentication',
    predefinedValue: 'BasicAuthentication',
    description:
      'BasicAuthentication with OAuth2TokenServiceURL means OAuth 2.0 client credentials. ClientCertificateAuthentication: the outbound certificate of the system, shown to the token URL where there is one, else to the system.',
  },
  {
    name: 'User',
    label: 'User or client ID',
    kind: 'text',
    roles: BOTH,
    description: 'User name, or OAuth client ID when OAuth2TokenServiceURL is set.',
  },
  {
    name: 'Password',
    label: 'Password or client secret',
    kind: 'secret',
    roles: BOTH,
    description: 'Password, or OAuth client secret.',
  },
  {
    name: 'client_id',
    label: 'Client ID with certificate',
    kind: 'text',
    roles: BOTH,
    description: 'OAuth client ID when the token is requested with a client certificate.',
  },
  {
    name: 'OAuth2TokenServiceURL',
    label: 'OAuth token URL',
    kind: 'url',
    roles: BOTH,
    description: 'Token endpoint; if set, a client-credentials token is requested and sent as bearer token.',
  },
  {
    name: 'OAuth2TokenScope',
    label: 'OAuth scopes',
    kind: 'text',
    roles: BOTH,
    description: 'Scopes separated by blanks, sent with the token request.',
  },
  {
    name: 'AuthType',
    label: 'Client authentication at the token URL',
    kind: 'enum',
    roles: BOTH,
    values: ['Basic', 'Form'],
    defaultValue: 'Basic',
    description: 'Basic: in the header; Form: in the body of the token request.',
  },
  {
    name: 'TrustAll',
    label: 'Trust all certificates',
    kind: 'boolean',
    roles: BOTH,
    defaultValue: 'false',
    description: 'true: the certificate of the server is not checked. For tests only.',
  },
  {
    name: CA_PROPERTY,
    label: 'Certificate authorities',
    kind: 'text',
    roles: BOTH,
    description: 'PEM certificates of the authorities that issue the server certificate; replaces the built-in list.',
  },
  ...LIMITS,
];
