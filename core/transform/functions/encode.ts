import { decodeBytes, encodeBytes, ENCODINGS, encodeUtf8 } from '../bytes.js';
import { EvaluationError } from '../evaluation-error.js';
import { scalarText } from './apply-function.js';
import type { FunctionDefinition, ParameterSpec } from './function-definition.js';

const PARAMETERS: Readonly<Record<string, ParameterSpec>> = {
  algorithm: { kind: 'text', required: true, oneOf: ['base32', 'base64'] },
  skipPadding: { kind: 'boolean', required: false },
};

/** FNC-21: bytes, or the UTF-8 form of a text, as digits. */
export const encode: FunctionDefinition = {
  name: 'encode',
  parameters: PARAMETERS,
  elements: 'always',
  prepare: (args) => {
    const encoding = ENCODINGS[args.text('algorithm') === 'base32' ? 'base32' : 'base64'];
    const skipPadding = args.boolean('skipPadding');
    return (value) => {
      const digits = encodeBytes(
        value instanceof Uint8Array ? value : encodeUtf8(scalarText(value, 'encode')),
        encoding,
      );
      const padding = digits.indexOf('=');
      return skipPadding && padding !== -1 ? digits.slice(0, padding) : digits;
    };
  },
};

/** FNC-22: digits as bytes; `toString` makes text of them. */
export const decode: FunctionDefinition = {
  name: 'decode',
  parameters: PARAMETERS,
  elements: 'always',
  prepare: (args) => {
    const algorithm = args.text('algorithm') === 'base32' ? 'base32' : 'base64';
    const skipPadding = args.boolean('skipPadding');
    return (value) => {
      const bytes = decodeBytes(scalarText(value, 'decode'), ENCODINGS[algorithm], skipPadding);
      if (bytes === undefined)
        throw new EvaluationError(`decode cannot process a value that is not valid ${algorithm}`);
      return bytes;
    };
  },
};
