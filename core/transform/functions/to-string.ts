import { decodeUtf8 } from '../bytes.js';
import { textOf } from '../value.js';
import type { FunctionDefinition } from './function-definition.js';

/** FNC-20: bytes as UTF-8 text; everything else in its text form, a list as JSON. */
export const toStringFunction: FunctionDefinition = {
  name: 'toString',
  parameters: {},
  elements: 'onRequest',
  prepare: () => (value) => (value instanceof Uint8Array ? decodeUtf8(value) : textOf(value)),
};
