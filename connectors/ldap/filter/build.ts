import {
  AndFilter,
  EqualityFilter,
  ExtensibleFilter,
  GreaterThanEqualsFilter,
  LessThanEqualsFilter,
  NotFilter,
  OrFilter,
  PresenceFilter,
  SubstringFilter,
  type Filter,
} from 'ldapts';

/** Filters are objects that become BER; no value ever passes through the string form (CONN-LDAP-47). */

/** `(attribute=value)`. */
export function equals(attribute: string, value: string | Buffer): Filter {
  return new EqualityFilter({ attribute, value });
}

/** `(attribute=*)`. */
export function present(attribute: string): Filter {
  return new PresenceFilter({ attribute });
}

/** `(attribute>=value)`; LDAP has no "greater than". */
export function atLeast(attribute: string, value: string): Filter {
  return new GreaterThanEqualsFilter({ attribute, value });
}

/** `(attribute<=value)`. */
export function atMost(attribute: string, value: string): Filter {
  return new LessThanEqualsFilter({ attribute, value });
}

/** `(attribute=initial*any*final)`; at least one of them. */
export function substring(
  attribute: string,
  parts: { readonly initial?: string; readonly any?: readonly string[]; readonly final?: string },
): Filter {
  const { initial = '', any = [], final = '' } = parts;
  return new SubstringFilter({ attribute, initial, any: [...any], final });
}

/** `(!filter)`: also whoever lacks the attribute. */
export function negated(filter: Filter): Filter {
  return new NotFilter({ filter });
}

/** All of them; a single one stays itself. */
export function allOf(...filters: readonly (Filter | undefined)[]): Filter {
  const present = filters.filter((filter) => filter !== undefined);
  const [first] = present;
  return present.length === 1 && first !== undefined ? first : new AndFilter({ filters: present });
}

/** Any of them; a single one stays itself. */
export function anyOf(filters: readonly Filter[]): Filter {
  const [first] = filters;
  return filters.length === 1 && first !== undefined ? first : new OrFilter({ filters: [...filters] });
}

/** Active Directory's matching rule that follows a link through all levels (LDAP_MATCHING_RULE_IN_CHAIN). */
export function inChain(attribute: string, dn: string): Filter {
  return new ExtensibleFilter({ matchType: attribute, rule: '1.2.840.113556.1.4.1941', value: dn });
}
