import { ExpressionError } from '../expression-error.js';
import { findCountry } from '../tables/lookup.js';
import { isForbiddenName, memberOf } from '../value.js';
import { requireObject } from './apply-function.js';
import type { FunctionArguments, FunctionDefinition } from './function-definition.js';

/** FNC-32: the country of address-like objects in another form. */
export const convertCountryCode: FunctionDefinition = {
  name: 'convertCountryCode',
  parameters: {
    outputFormat: { kind: 'text', required: true, oneOf: ['fullName', 'alpha2', 'alpha3', 'numeric'] },
    inputAttributes: { kind: 'texts', required: true, oneOf: ['country', 'issuingCountry'] },
    outputAttribute: { kind: 'text', required: true },
  },
  elements: 'always',
  prepare: (args) => {
    const format = countryFormat(args);
    const inputs = args.texts('inputAttributes');
    const output = args.text('outputAttribute');
    if (isForbiddenName(output)) throw new ExpressionError(`an attribute must not be called "${output}"`);
    return (value) => {
      const object = requireObject(value, 'convertCountryCode');
      const input = inputs
        .map((name) => memberOf(object, name))
        .find((member) => member !== undefined && member !== null);
      const country = typeof input === 'string' || typeof input === 'number' ? findCountry(String(input)) : undefined;
      return country === undefined ? object : { ...object, [output]: country[format] };
    };
  },
};

function countryFormat(args: FunctionArguments): 'fullName' | 'alpha2' | 'alpha3' | 'numeric' {
  const format = args.text('outputFormat');
  return format === 'fullName' || format === 'alpha2' || format === 'alpha3' ? format : 'numeric';
}
