import { timeZoneTable } from '../tables/lookup.js';
import type { Value } from '../value.js';
import type { FunctionDefinition } from './function-definition.js';

/** FNC-35: between IANA zones and the codes of appendix A. Never missing: what is not known becomes the default. */
export const convertTimezoneCode: FunctionDefinition = {
  name: 'convertTimezoneCode',
  parameters: { outputFormat: { kind: 'text', required: true, oneOf: ['iana', 'sap'] } },
  elements: 'always',
  runsOnMissing: true,
  prepare: (args) => {
    const convert = args.text('outputFormat') === 'iana' ? toZone : toCode;
    return (value) => convert(value);
  },
};

function toZone(value: Value): string {
  const text = typeof value === 'string' ? value.trim() : '';
  const { zones, firstZones } = timeZoneTable();
  return firstZones.get(text) ?? zones.get(text.toLowerCase())?.zone ?? 'Europe/Berlin';
}

function toCode(value: Value): string {
  const text = typeof value === 'string' ? value.trim() : '';
  const { zones, firstZones } = timeZoneTable();
  return firstZones.has(text) ? text : (zones.get(text.toLowerCase())?.code ?? 'CET');
}
