import { webcrypto } from 'node:crypto';
import { afterAll, beforeAll, jest } from '@jest/globals';

/** Bits that TLS still takes; the product's keys are made in a quarter of the time. */
const MODULUS_LENGTH = 2048;

/** Makes the RSA keys of this suite shorter than those of the product, for suites that do not look at them. */
export function useQuickKeys(): void {
  const generate = webcrypto.subtle.generateKey.bind(webcrypto.subtle) as (
    ...given: [object, boolean, webcrypto.KeyUsage[]]
  ) => Promise<webcrypto.CryptoKeyPair>;
  beforeAll(() => {
    jest
      .spyOn(webcrypto.subtle, 'generateKey')
      .mockImplementation(((algorithm: object, extractable: boolean, usages: webcrypto.KeyUsage[]) =>
        generate(
          'modulusLength' in algorithm ? { ...algorithm, modulusLength: MODULUS_LENGTH } : algorithm,
          extractable,
          usages,
        )) as typeof webcrypto.subtle.generateKey);
  });
  afterAll(() => {
    jest.restoreAllMocks();
  });
}
