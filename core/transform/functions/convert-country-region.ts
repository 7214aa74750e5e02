import { findCountry, findRegion } from '../tables/lookup.js';
import type { Country } from '../tables/lookup.js';
import { memberOf } from '../value.js';
import type { Value } from '../value.js';
import { requireObject } from './apply-function.js';
import { ExpressionError } from '../expression-error.js';
import type { FunctionDefinition } from './function-definition.js';

/** FNC-33: the region of address-like objects in terms of ISO 3166-2, or by its English name. */
export const convertCountryRegion: FunctionDefinition = {
  name: 'convertCountryRegion',
  parameters: {
    outputFormat: { kind: 'text', required: true, oneOf: ['fullName', 'alpha2'] },
    inputAttributes: { kind: 'texts', required: true, oneOf: ['country', 'region'] },
    outputAttribute: { kind: 'text', required: true, oneOf: ['region'] },
  },
  elements: 'always',
  prepare: (args) => {
    const inputs = args.texts('inputAttributes');
    if (!inputs.includes('country') || !inputs.includes('region')) {
      throw new ExpressionError('the parameter "inputAttributes" must name country and region');
    }
    const form = args.text('outputFormat') === 'alpha2' ? 'code' : 'fullName';
    return (value) => {
      const object = requireObject(value, 'convertCountryRegion');
      const region = memberOf(object, 'region');
      const country = countryOf(memberOf(object, 'country'));
      const found = typeof region === 'string' && country !== undefined ? findRegion(country, region) : undefined;
      return found === undefined ? object : { ...object, region: found[form] };
    };
  },
};

function countryOf(value: Value | undefined): Country | undefined {
  return typeof value === 'string' || typeof value === 'number' ? findCountry(String(value)) : undefined;
}
