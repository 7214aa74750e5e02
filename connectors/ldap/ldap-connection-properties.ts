import type { PropertyDescriptor } from '../contract.js';
import { CA_PROPERTY } from '../http/http-settings.js';
import { HTTP_PROPERTIES, LOCATION } from '../http-properties.js';
import { CONNECT_TIMEOUT_MS, READ_TIMEOUT_MS } from './ldap-settings.js';

const BOTH: PropertyDescriptor['roles'] = ['source', 'target'];

/** How a directory is reached (PRP-100 to PRP-119, specification §1). */
export function connectionProperties(): PropertyDescriptor[] {
  return [
    fixed('Type', 'Protocol', 'LDAP', 'Protocol of the system.'),
    {
      name: 'ldap.url',
      label: 'Address',
      kind: 'text',
      roles: BOTH,
      required: true,
      description: 'ldap://host:port or ldaps://host:port; several separated by commas are tried in order.',
    },
    {
      name: 'ldap.proxyType',
      label: 'Network',
      kind: 'enum',
      roles: BOTH,
      values: ['OnPremise', 'Internet'],
      defaultValue: 'OnPremise',
      predefinedValue: 'OnPremise',
      description:
        'OnPremise: through the edge workers of its location; directly while nobody is registered for the default location. Internet: an encrypted connection is demanded.',
    },
    LOCATION,
    fixed('ldap.authentication', 'Authentication', 'BasicAuthentication', 'Simple bind with user and password.'),
    {
      name: 'ldap.user',
      label: 'Technical user',
      kind: 'text',
      roles: BOTH,
      required: true,
      description: 'DN of the technical user; in Active Directory also its user principal name.',
    },
    {
      name: 'ldap.password',
      label: 'Password',
      kind: 'secret',
      roles: BOTH,
      required: true,
      description: 'Its password.',
    },
    {
      name: 'ldap.tls.mode',
      label: 'Encryption',
      kind: 'enum',
      roles: BOTH,
      values: ['none', 'starttls', 'ldaps'],
      description:
        'starttls: an ldap:// connection is encrypted before the password is sent. Absent: as the address says.',
    },
    ...HTTP_PROPERTIES.filter(({ name }) => name === 'TrustAll' || name === CA_PROPERTY),
    {
      name: 'com.sun.jndi.ldap.read.timeout',
      label: 'Response timeout (milliseconds)',
      kind: 'integer',
      roles: BOTH,
      min: READ_TIMEOUT_MS.min,
      max: READ_TIMEOUT_MS.max,
      defaultValue: String(READ_TIMEOUT_MS.fallback),
      description: 'Longest wait for an answer.',
    },
    {
      name: 'com.sun.jndi.ldap.connect.timeout',
      label: 'Connect timeout (milliseconds)',
      kind: 'integer',
      roles: BOTH,
      min: CONNECT_TIMEOUT_MS.min,
      max: CONNECT_TIMEOUT_MS.max,
      defaultValue: String(CONNECT_TIMEOUT_MS.fallback),
      description: 'Longest wait for a connection.',
    },
    {
      name: 'ldap.referrals',
      label: 'Referrals',
      kind: 'enum',
      roles: BOTH,
      values: ['ignore', 'fail'],
      defaultValue: 'ignore',
      description: 'What is done with references to other servers; they are never followed.',
    },
    {
      name: 'ldap.api.version',
      label: 'Connector version',
      kind: 'enum',
      roles: BOTH,
      values: ['1', '2'],
      defaultValue: '1',
      description: '2: only the listed attributes are read, and members carry their type.',
    },
  ];
}

/** A property that has one value, which is shown and cannot be another one. */
export function fixed(name: string, label: string, value: string, description: string): PropertyDescriptor {
  return {
    name,
    label,
    kind: 'enum',
    roles: BOTH,
    values: [value],
    defaultValue: value,
    predefinedValue: value,
    description,
  };
}
