import type { Filter } from 'ldapts';
import type { Comparison, NativeFilter } from '../../../core/filter/filter-model.js';
import { formatGeneralizedTime } from '../generalized-time.js';
import { connectorError, type Operation } from '../ldap-error.js';
import { DN_ATTRIBUTE, type LdapSettings } from '../ldap-settings.js';
import { isBinaryAttribute } from '../native-entity.js';
import type { Schema } from '../schema.js';
import { allOf, anyOf, atLeast, atMost, equals, negated, present, substring } from './build.js';

/** What a translation has to know of the directory. */
export interface FilterContext {
  readonly settings: LdapSettings;
  readonly schema: Schema;
  readonly operation: Operation;
}

const SECOND_MS = 1_000;
const OPPOSITE = { eq: 'ne', ne: 'eq', gt: 'le', le: 'gt', ge: 'lt', lt: 'ge' } as const;

/**
 * A filter that finds at least whoever fulfils the given one (CONN-LDAP-46): LDAP compares more widely than SCIM in places (no "greater than", rules
 * that ignore accents or blanks), and where a rule is missing it finds nobody at all. So it asks for what is sure to be found, and what comes is
 * compared again. Throws `unsupported` for parts that would be answered wrongly, and names them.
 */
export function toLdapFilter(filter: NativeFilter, context: FilterContext): Filter {
  return wide(filter, false, context);
}

/** `isNegated`: the opposite is wanted. Negations go down to the leaves, where it is known what may be negated. */
function wide(filter: NativeFilter, isNegated: boolean, context: FilterContext): Filter {
  switch (filter.kind) {
    case 'and':
    case 'or': {
      const parts = filter.parts.map((part) => wide(part, isNegated, context));
      return (filter.kind === 'and') === isNegated ? anyOf(parts) : allOf(...parts);
    }
    case 'not':
      return wide(filter.part, !isNegated, context);
    case 'always':
      return filter.holds === isNegated ? NOBODY : EVERYBODY;
    case 'modified':
      return modified(isNegated ? OPPOSITE[filter.operator] : filter.operator, filter.ms, context);
    case 'present':
    case 'compare':
      return leaf(filter, isNegated, context);
  }
}

type Leaf = Extract<NativeFilter, { kind: 'present' | 'compare' }>;

const EVERYBODY = present('objectClass');
const NOBODY = negated(EVERYBODY);

function leaf(filter: Leaf, isNegated: boolean, context: FilterContext): Filter {
  const { attribute, wanted } = filter;
  const { settings, schema, operation } = context;
  const key = attribute.toLowerCase();
  if (key === settings.memberAttribute.toLowerCase() || key === settings.memberOfAttribute.toLowerCase())
    throw connectorError('unsupported', operation, `the filter on ${wanted}: ${attribute} holds DNs, not identifiers`);
  // The DN is no attribute everywhere, and names behind a semicolon are made by us: whoever comes is compared.
  if (key === DN_ATTRIBUTE.toLowerCase() || key.includes(';')) return EVERYBODY;
  // An attribute that the server does not know fits nobody, not even negated (RFC 4511 §4.5.1.7).
  const isUnknown = schema.attributes.size > 0 && !schema.attributes.has(key);
  const isAnyBut = (filter.kind === 'compare' && filter.operator === 'ne') !== isNegated;
  if (isUnknown) return isAnyBut ? EVERYBODY : NOBODY;
  if (filter.kind === 'present') return isNegated ? negated(present(attribute)) : present(attribute);
  // What the server takes for equal may still be different for SCIM, so "not equal" is never left to it.
  if (isAnyBut) return EVERYBODY;
  return compared(filter, isNegated ? 'eq' : filter.operator, context);
}

function compared(
  { attribute, value, wanted }: Extract<NativeFilter, { kind: 'compare' }>,
  operator: Comparison,
  { schema, operation }: FilterContext,
): Filter {
  const text = typeof value === 'boolean' ? String(value).toUpperCase() : String(value);
  const key = attribute.toLowerCase();
  if (isBinaryAttribute(attribute, schema)) {
    if (operator === 'eq') return equals(attribute, Buffer.from(text, 'base64'));
    throw connectorError(
      'unsupported',
      operation,
      `the filter on ${wanted}: ${attribute} holds bytes, which only eq and ne compare`,
    );
  }
  // Without a rule for it the server finds nobody; whoever has a value is compared.
  const hasParts = text !== '' && schema.substrings.has(key);
  switch (operator) {
    case 'eq':
      return equals(attribute, text);
    case 'co':
      return hasParts ? substring(attribute, { any: [text] }) : present(attribute);
    case 'sw':
      return hasParts ? substring(attribute, { initial: text }) : present(attribute);
    case 'ew':
      return hasParts ? substring(attribute, { final: text }) : present(attribute);
    default:
      // Few attributes have an order, and hardly any has that of SCIM.
      return present(attribute);
  }
}

/** Times have whole seconds here, so the bounds are widened to those around. */
function modified(operator: keyof typeof OPPOSITE, ms: number, { settings }: FilterContext): Filter {
  const isAd = settings.dialect.kind === 'ad';
  const attribute = isAd ? 'whenChanged' : 'modifyTimestamp';
  const timeOf = (instant: number): string => {
    const text = formatGeneralizedTime(instant);
    return isAd ? text.replace('Z', '.0Z') : text;
  };
  const from = timeOf(ms);
  const to = timeOf(Math.ceil(ms / SECOND_MS) * SECOND_MS);
  switch (operator) {
    case 'gt':
    case 'ge':
      return atLeast(attribute, from);
    case 'lt':
    case 'le':
      return atMost(attribute, to);
    case 'eq':
      return allOf(atLeast(attribute, from), atMost(attribute, to));
    case 'ne':
      return EVERYBODY;
  }
}
