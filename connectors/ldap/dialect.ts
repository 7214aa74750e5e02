/** What differs between the two system types that this connector serves (specification §1, §7). */
export interface Dialect {
  readonly kind: 'ldap' | 'ad';
  readonly typeName: string;
  readonly userClass: string;
  readonly groupClass: string;
  readonly userId: string;
}

export const GENERIC_LDAP: Dialect = {
  kind: 'ldap',
  typeName: 'LDAP Server',
  userClass: 'inetOrgPerson',
  groupClass: 'groupOfNames',
  userId: 'uid',
};

export const ACTIVE_DIRECTORY: Dialect = {
  kind: 'ad',
  typeName: 'Microsoft Active Directory',
  userClass: 'user',
  groupClass: 'group',
  userId: 'cn',
};
